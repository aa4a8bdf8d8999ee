-- guards: A clip is kept exactly when there is no reason against it.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, kept, drop_reasons
FROM this
WHERE status = 'ok' AND kept IS DISTINCT FROM (len(drop_reasons) = 0)
