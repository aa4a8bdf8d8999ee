-- guards: Questions and answers have words.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, pair.question, pair.answer
FROM (SELECT shard, clip_id, unnest(pairs) AS pair FROM this)
WHERE NOT coalesce(regexp_matches(pair.question, '[\p{L}\p{N}]') AND regexp_matches(pair.answer, '[\p{L}\p{N}]'), false)
