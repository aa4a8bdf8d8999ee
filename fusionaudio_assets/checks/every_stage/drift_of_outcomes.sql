-- guards: The stage fails and skips on about as many clips as in the other shards of the lake.
-- severity: WARN
-- bound: figure <= 3.5

-- The figure farthest from the median of the shards, in units of their spread.
SELECT shard, max(distance) AS figure, arg_max(name, distance) AS name, arg_max(value, distance) AS value,
    arg_max(median, distance) AS median, arg_max(shards, distance) AS shards
FROM drift
WHERE regexp_matches(name, '^share/(failed|skipped)')
GROUP BY shard
