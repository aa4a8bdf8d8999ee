-- guards: The rows of a table were made with the same versions of the libraries that run its models; to make the others anew, delete the table and run again.
-- severity: WARN
-- bound: clips <= 0
SELECT shard, clip_id, libraries
FROM this
WHERE libraries IS NOT NULL
QUALIFY libraries <> mode(libraries) OVER (PARTITION BY shard)
