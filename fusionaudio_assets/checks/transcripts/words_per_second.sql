-- guards: A transcript that is believed has no more words than can be spoken in its time.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: confident

-- Fast readers reach 5 words a second, auctioneers 8; Chinese characters count one each.
SELECT shard, clip_id, spoken_words, this.speech_s, duration_s, text
FROM (
    SELECT *, len(regexp_extract_all(text, '\p{Han}|[\p{L}\p{N}'']+')) AS spoken_words FROM this
) AS this
JOIN raw_clips USING (shard, clip_id)
WHERE confident AND spoken_words > 2 + 10 * coalesce(nullif(this.speech_s, 0), duration_s)
