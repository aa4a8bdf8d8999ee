-- guards: Every separated clip has its vocals stored and its energies measured.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, vocal_share, residual_db, vocals_sha256, vocals_file
FROM this
WHERE status = 'ok'
    AND (
        NOT coalesce(isfinite(vocal_share) AND isfinite(residual_db), false)
        OR NOT coalesce(regexp_full_match(vocals_sha256, '[0-9a-f]{64}') AND vocals_file <> '', false)
    )
