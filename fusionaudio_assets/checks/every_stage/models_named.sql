-- guards: Where a stage works with models, every row that is ok names them.
-- severity: WARN
-- bound: clips <= 0
SELECT shard, clip_id
FROM this
WHERE status = 'ok'
    AND coalesce(model, '') = ''
    AND shard IN (SELECT shard FROM this WHERE model <> '')
