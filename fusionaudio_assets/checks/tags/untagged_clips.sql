-- guards: Most clips have a tag.
-- severity: WARN
-- bound: share <= 0.5 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id
FROM this
WHERE status = 'ok' AND len(tags) = 0
