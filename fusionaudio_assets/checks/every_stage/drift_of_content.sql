-- guards: What the table says is about what it says in the other shards: kinds, lengths, scores, decisions.
-- severity: WARN
-- bound: figure <= 3.5

-- The figure farthest from the median of the shards, in units of their spread.
SELECT shard, max(distance) AS figure, arg_max(name, distance) AS name, arg_max(value, distance) AS value,
    arg_max(median, distance) AS median, arg_max(shards, distance) AS shards
FROM drift
WHERE NOT regexp_matches(name, '^share/(failed|skipped)')
GROUP BY shard
