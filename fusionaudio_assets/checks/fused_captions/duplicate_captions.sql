-- guards: Few captions say of one clip word for word what another says of its own.
-- severity: WARN
-- bound: share <= 0.2 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, caption
FROM this
WHERE (shard, lower(trim(caption))) IN (
    SELECT (shard, lower(trim(caption))) FROM this WHERE caption IS NOT NULL GROUP BY ALL HAVING count(*) > 1
)
