-- guards: Captions are English.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: caption IS NOT NULL

-- Not English: another alphabet, more little words of other languages than of English, or a long text without any.
-- All is counted only of the few captions that have a sign of that, or none of the commonest words of English.
WITH counted AS (
    SELECT shard, clip_id, caption,
        len(regexp_extract_all(
            lower(caption),
            '\b(?:der|das|und|ist|eine?|eine[mr]|mit|von|im|auf|les?|une?|et|est|des|du|dans|avec|qui|au|el|los|las|una|y'
            '|en|del|con|que|por|es|il|lo|di|che|della|sono|uma?|os|da|com|na|een|het|van|wordt|og|och|det|som|med|jest'
            '|ve|bir)\b'
        )) AS foreign_words
    FROM this
    WHERE caption IS NOT NULL
),
doubtful AS (
    SELECT *,
        len(regexp_extract_all(
            lower(caption),
            '\b(?:an?|the|and|of|in|with|while|is|are|to|by|as|at|over|then|can|be|heard|on|there|from|followed|what|it'
            '|or|for|before|after)\b'
        )) AS english_words
    FROM counted
    WHERE foreign_words > 0
        OR regexp_matches(caption, '[^\p{Latin}\P{L}]')
        OR NOT regexp_matches(lower(caption), '\b(?:an?|the|and|of|in|with|is|are|can)\b')
)
SELECT shard, clip_id, caption
FROM doubtful
WHERE foreign_words > english_words
    OR length(regexp_replace(caption, '[\p{Latin}\P{L}]+', '', 'g')) > 0.2 * length(caption)
    OR (english_words = 0 AND len(string_split(caption, ' ')) >= 10)
