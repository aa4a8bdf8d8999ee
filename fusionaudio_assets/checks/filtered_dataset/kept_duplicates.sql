-- guards: No two clips of a shard are kept with the same caption.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, caption
FROM this
WHERE kept
    AND (shard, lower(trim(caption))) IN (
        SELECT (shard, lower(trim(caption))) FROM this WHERE kept GROUP BY ALL HAVING count(*) > 1
    )
