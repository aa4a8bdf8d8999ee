-- guards: Every row has the SHA-256 of what it was made from, so that it can be reused and traced.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, fingerprint
FROM this
WHERE NOT regexp_full_match(fingerprint, '[0-9a-f]{64}')
