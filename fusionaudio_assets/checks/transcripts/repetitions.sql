-- guards: A transcript that is believed does not repeat a phrase over and over, as recognisers do where nobody speaks.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: confident

-- A loop of p words shows as words that equal the one p places before: four rounds, and most of the text.
WITH spoken AS (
    SELECT shard, clip_id, text, regexp_extract_all(lower(text), '\p{Han}|[\p{L}\p{N}'']+') AS word
    FROM this
    WHERE confident
),
periods AS (SELECT unnest(range(1, 9)) AS period)
SELECT shard, clip_id, period, text
FROM spoken, periods
WHERE len(word) >= greatest(4 * period, 8)
    AND len(list_filter(range(period + 1, len(word) + 1), lambda place: word[place] = word[place - period]))
        >= greatest(0.7 * (len(word) - period), 3 * period)
