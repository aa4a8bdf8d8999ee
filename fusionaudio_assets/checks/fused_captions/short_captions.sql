-- guards: Captions of one or two words are rare: they describe nothing.
-- severity: ERROR
-- bound: share <= 0.2 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, caption
FROM this
WHERE len(string_split(trim(caption), ' ')) < 3
