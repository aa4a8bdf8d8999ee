-- guards: Few captions say of one clip word for word what another says of its own.
-- severity: WARN
-- bound: share <= 0.1 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, caption
FROM this
WHERE caption IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY shard, lower(regexp_replace(trim(caption), '\s+', ' ', 'g'))) > 1
