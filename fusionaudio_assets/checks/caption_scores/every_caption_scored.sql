-- guards: Exactly the clips with a caption are scored.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, this.status, this.reason, caption
FROM this JOIN fused_captions USING (shard, clip_id)
WHERE (this.status = 'skipped') <> (caption IS NULL)
