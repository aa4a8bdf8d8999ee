-- guards: Decoding fails for no other reason than the media themselves, but for a few clips.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: status = 'ok' OR reason NOT IN (FROM media_reasons)
SELECT shard, clip_id, reason, detail
FROM this
WHERE status = 'failed' AND reason NOT IN (FROM media_reasons)
