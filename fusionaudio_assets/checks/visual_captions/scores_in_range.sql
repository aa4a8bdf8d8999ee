-- guards: Every score lies in [0, 1] and belongs to a label.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, seen.label, seen.score
FROM (
    SELECT shard, clip_id, unnest(frame.labels) AS seen
    FROM (SELECT shard, clip_id, unnest(frames) AS frame FROM this)
)
WHERE coalesce(seen.label, '') = '' OR NOT coalesce(seen.score BETWEEN 0 AND 1, false)
