-- guards: A row that is not ok says why, and a row that is ok has nothing to excuse.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, status, reason
FROM this
WHERE (status = 'ok') <> (reason IS NULL)
