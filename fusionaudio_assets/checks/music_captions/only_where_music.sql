-- guards: Music is described only where the tagger or the segmenter found some.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, tags.music_s, tags.music_score, description
FROM this JOIN tags USING (shard, clip_id)
WHERE this.status = 'ok' AND NOT coalesce(tags.music_s > 0 OR tags.music_score >= 0.1, false)
