-- guards: No caption is kept that tells what was seen or said.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, list_transform(leaks, lambda leak: leak.kind || ': ' || leak.text) AS leaks, this.caption
FROM this JOIN fused_captions USING (shard, clip_id)
WHERE kept AND len(leaks) > 0
