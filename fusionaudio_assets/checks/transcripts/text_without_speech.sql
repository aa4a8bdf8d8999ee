-- guards: No words are believed where no speech was detected.
-- severity: ERROR
-- bound: share <= 0.02 or clips <= 2
-- among: confident
SELECT shard, clip_id, tags.speech_s, this.speech_s AS recognized_speech_s, text
FROM this JOIN tags USING (shard, clip_id)
WHERE confident AND (coalesce(tags.speech_s, 0) = 0 OR this.speech_s = 0)
