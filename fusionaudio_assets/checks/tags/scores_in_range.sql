-- guards: Every score lies in [0, 1].
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, scored.label, scored.score
FROM (
    SELECT shard, clip_id, unnest(tags) AS scored FROM this
    UNION ALL
    SELECT shard, clip_id, {'label': event.label, 'score': event.score}
    FROM (SELECT shard, clip_id, unnest(events) AS event FROM this)
)
WHERE NOT coalesce(scored.score BETWEEN 0 AND 1, false)
