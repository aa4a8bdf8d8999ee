-- guards: A question for yes or no is answered so.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, pair.question, pair.answer
FROM (SELECT shard, clip_id, unnest(pairs) AS pair FROM this)
WHERE pair.format = 'yes_no' AND NOT coalesce(regexp_full_match(lower(pair.answer), '(yes|no)\b.*'), false)
