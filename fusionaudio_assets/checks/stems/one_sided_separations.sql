-- guards: Separating splits the energy: clips where all or nothing went to the vocals are few.
-- severity: WARN
-- bound: share <= 0.2 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, vocal_share, residual_db
FROM this
WHERE status = 'ok' AND NOT coalesce(vocal_share BETWEEN 0.001 AND 0.999, false)
