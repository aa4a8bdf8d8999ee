-- guards: Every score lies in [0, 1] and belongs to a label.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, scored.label, scored.score
FROM (
    SELECT shard, clip_id, unnest(flatten([
        coalesce(genres, []), coalesce(instruments, []), coalesce(moods, []), coalesce(vocals, []), coalesce(raw, [])
    ])) AS scored
    FROM this
)
WHERE coalesce(scored.label, '') = '' OR NOT coalesce(scored.score BETWEEN 0 AND 1, false)
