-- guards: No clip is asked the same question twice.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, lower(trim(pair.question)) AS question, count(*) AS times
FROM (SELECT shard, clip_id, unnest(pairs) AS pair FROM this)
GROUP BY ALL
HAVING times > 1
