-- guards: The media are not mostly broken or gone: that is a fault of the source as a whole, not of its clips.
-- severity: ERROR
-- bound: share <= 0.5 or clips <= 10
SELECT shard, clip_id, reason, detail
FROM this
WHERE status = 'failed' AND reason IN (FROM media_reasons)
