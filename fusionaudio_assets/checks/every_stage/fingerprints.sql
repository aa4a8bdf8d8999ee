-- guards: Every row has the SHA-256 of what it was made from, so that it can be reused and traced.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, fingerprint
FROM this
WHERE length(fingerprint) <> 64 OR regexp_matches(fingerprint, '[^0-9a-f]')
