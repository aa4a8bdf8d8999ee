-- guards: Few captions tell what was seen or said.
-- severity: WARN
-- bound: share <= 0.02 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, list_transform(leaks, lambda leak: leak.kind || ': ' || leak.text) AS leaks, caption
FROM this
WHERE caption IS NOT NULL AND len(leaks) > 0
