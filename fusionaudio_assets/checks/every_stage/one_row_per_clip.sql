-- guards: Every clip of the manifest has exactly one row, and no other clip has any.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, coalesce(rows_found, 0) AS rows_found, coalesce(rows_listed, 0) AS rows_listed
FROM (SELECT shard, clip_id, count(*) AS rows_found FROM this GROUP BY ALL)
FULL JOIN (SELECT shard, clip_id, count(*) AS rows_listed FROM manifest GROUP BY ALL) USING (shard, clip_id)
WHERE rows_found IS DISTINCT FROM 1 OR rows_listed IS DISTINCT FROM 1
