-- guards: An open question does not hold its own answer.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, pair.question, pair.answer
FROM (
    SELECT shard, clip_id, pair,
        ' ' || trim(regexp_replace(lower(pair.question), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' AS question,
        ' ' || trim(regexp_replace(lower(pair.answer), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' AS answer
    FROM (SELECT shard, clip_id, unnest(pairs) AS pair FROM this)
    -- Where the question offers a choice, or asks for yes or no, the answer may stand in it.
    WHERE coalesce(pair.format, 'open') NOT IN ('choice', 'yes_no')
)
WHERE trim(answer) <> '' AND contains(question, answer)
