-- guards: All scores of a shard are by one scorer, since scales of different scorers do not compare.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, scorer
FROM this
WHERE status = 'ok'
QUALIFY scorer IS DISTINCT FROM mode(scorer) OVER (PARTITION BY shard)
