-- guards: Key frames lie inside their clip.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, frame.time_s, duration_s
FROM (SELECT shard, clip_id, unnest(frames) AS frame FROM this) JOIN raw_clips USING (shard, clip_id)
-- The pictures of a file may go on for a while after its sound.
WHERE NOT coalesce(frame.time_s BETWEEN 0 AND duration_s + 1, false)
