-- guards: Speech, singing and music each last no longer than their clip.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, speech_s, singing_s, music_s, duration_s
FROM this JOIN raw_clips USING (shard, clip_id)
WHERE greatest(speech_s, singing_s, music_s) > duration_s + 0.1
