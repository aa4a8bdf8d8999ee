-- guards: Of most clips that have pictures something is described; nothing is said of what is not sure.
-- severity: WARN
-- bound: share <= 0.5 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id
FROM this
WHERE status = 'ok' AND coalesce(trim(description), '') = ''
