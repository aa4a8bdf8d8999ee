-- guards: At least half of the clips that have sound are kept.
-- severity: WARN
-- bound: share <= 0.5
-- among: (shard, clip_id) IN (SELECT (shard, clip_id) FROM raw_clips WHERE status = 'ok')
SELECT shard, clip_id, drop_reasons, similarity, this.caption
FROM this JOIN raw_clips USING (shard, clip_id)
WHERE raw_clips.status = 'ok' AND NOT coalesce(kept, false)
