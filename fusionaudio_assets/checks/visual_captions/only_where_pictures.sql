-- guards: Pictures are described only where there are any.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, raw_clips.num_frames, raw_clips.frames_file
FROM this JOIN raw_clips USING (shard, clip_id)
WHERE this.status = 'ok' AND NOT coalesce(raw_clips.num_frames > 0 AND raw_clips.frames_file <> '', false)
