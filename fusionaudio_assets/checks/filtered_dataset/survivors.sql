-- guards: Of the clips that have sound some are kept: where next to nothing is left, it is not the clips' fault.
-- severity: ERROR
-- bound: share <= 0.9 or clips <= 2
-- among: (shard, clip_id) IN (SELECT (shard, clip_id) FROM raw_clips WHERE status = 'ok')
SELECT shard, clip_id, drop_reasons, similarity, this.caption
FROM this JOIN raw_clips USING (shard, clip_id)
WHERE raw_clips.status = 'ok' AND NOT coalesce(kept, false)
