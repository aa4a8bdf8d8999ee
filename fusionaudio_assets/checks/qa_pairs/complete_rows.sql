-- guards: Every clip that was asked about has its list of pairs, if only an empty one, and their number.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, num_pairs, len(pairs) AS pairs_found
FROM this
WHERE status = 'ok' AND num_pairs IS DISTINCT FROM len(pairs)
