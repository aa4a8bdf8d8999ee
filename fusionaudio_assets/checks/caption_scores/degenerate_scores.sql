-- guards: In a sizeable shard scores differ: a scorer that gives all captions the same tells nothing.
-- severity: ERROR
-- bound: figure >= 0.005

-- Distance of the tenth from the ninetieth percentile, which a single stray score does not widen.
SELECT shard, quantile_cont(similarity, 0.9) - quantile_cont(similarity, 0.1) AS figure
FROM this
WHERE status = 'ok'
GROUP BY shard
HAVING count(*) >= 50
