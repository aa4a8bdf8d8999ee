-- guards: A multiple choice has at least two options, no two alike, and the answer is one of them.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, pair.question, pair.answer, pair.options
FROM (SELECT shard, clip_id, unnest(pairs) AS pair FROM this)
WHERE pair.format = 'choice'
    AND NOT coalesce(
        len(pair.options) >= 2
        AND len(list_distinct(pair.options)) = len(pair.options)
        AND list_contains(pair.options, pair.answer),
        false
    )
