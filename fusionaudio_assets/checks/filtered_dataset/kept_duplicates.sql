-- guards: No two clips of a shard are kept with the same caption.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, caption
FROM this
WHERE kept
QUALIFY count(*) OVER (PARTITION BY shard, lower(regexp_replace(trim(caption), '\s+', ' ', 'g'))) > 1
