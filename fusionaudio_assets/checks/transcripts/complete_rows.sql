-- guards: Every transcript has its words, if only none, and says whether they may be believed.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, text, confident
FROM this
WHERE status = 'ok'
    AND (text IS NULL OR confident IS NULL OR segments IS NULL OR words IS NULL OR (confident AND trim(text) = ''))
