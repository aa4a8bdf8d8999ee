-- guards: Most captioned clips have a question.
-- severity: WARN
-- bound: share <= 0.1 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id
FROM this
WHERE status = 'ok' AND len(pairs) = 0
