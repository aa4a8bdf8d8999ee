-- guards: What is left without the vocals is neither louder than the mixture nor next to nothing.
-- severity: WARN
-- bound: share <= 0.1 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, residual_db, vocal_share
FROM this
WHERE status = 'ok' AND NOT coalesce(residual_db BETWEEN -40 AND 3, false)
