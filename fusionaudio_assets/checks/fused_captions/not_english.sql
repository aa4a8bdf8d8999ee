-- guards: Captions are English.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: caption IS NOT NULL

-- Not English: another alphabet, more little words of other languages than of English, or a long text without any.
WITH written AS (
    SELECT shard, clip_id, caption, string_split(translate(lower(caption), '.,;:!?"()', ''), ' ') AS word
    FROM this
    WHERE caption IS NOT NULL
),
counted AS (
    SELECT shard, clip_id, caption, len(word) AS num_words,
        length(regexp_replace(caption, '[\p{Latin}\P{L}]+', '', 'g')) AS other_letters,
        len(list_filter(word, lambda one: list_contains([
            'a', 'an', 'the', 'and', 'of', 'in', 'with', 'while', 'is', 'are', 'to', 'by', 'as', 'at', 'over', 'then',
            'can', 'be', 'heard', 'on', 'there', 'from', 'followed', 'what', 'it', 'or', 'for', 'before', 'after'
        ], one))) AS english,
        len(list_filter(word, lambda one: list_contains([
            'der', 'das', 'und', 'ist', 'ein', 'eine', 'einem', 'einer', 'mit', 'von', 'im', 'auf',
            'le', 'les', 'un', 'une', 'et', 'est', 'des', 'du', 'dans', 'avec', 'qui', 'au',
            'el', 'los', 'las', 'una', 'y', 'en', 'del', 'con', 'que', 'por', 'es',
            'il', 'lo', 'di', 'che', 'della', 'sono', 'um', 'uma', 'os', 'da', 'com', 'na',
            'een', 'het', 'van', 'wordt', 'og', 'och', 'det', 'som', 'med', 'jest', 'się', 've', 'bir'
        ], one))) AS foreign_words
    FROM written
)
SELECT shard, clip_id, caption
FROM counted
WHERE other_letters > 0.2 * length(caption) OR foreign_words > english OR (num_words >= 10 AND english = 0)
