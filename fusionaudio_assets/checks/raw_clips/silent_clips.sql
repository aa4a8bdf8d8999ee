-- guards: Few clips are silent: many are a sign of a decoder that lost the sound.
-- severity: WARN
-- bound: share <= 0.2 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, peak_db
FROM this
WHERE status = 'ok' AND peak_db <= -60
