-- guards: A clip whose sound was described has a description.
-- severity: WARN
-- bound: share <= 0.05 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id
FROM this
WHERE status = 'ok' AND coalesce(trim(description), '') = ''
