-- guards: Captions of more than 120 words are rare: a writer that does not stop invents.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, len(string_split(trim(caption), ' ')) AS num_words, caption
FROM this
WHERE num_words > 120
