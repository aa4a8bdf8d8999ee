-- guards: Few media are broken.
-- severity: WARN
-- bound: share <= 0.05 or clips <= 2
SELECT shard, clip_id, reason, detail
FROM this
WHERE status = 'failed' AND reason IN (FROM media_reasons)
