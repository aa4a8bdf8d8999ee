-- guards: Every tagged clip has its tags, events, segments and stretches, if only empty lists, and all its scores.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id
FROM this
WHERE status = 'ok'
    AND (
        tags IS NULL OR events IS NULL OR segments IS NULL OR stretches IS NULL
        OR speech_s IS NULL OR singing_s IS NULL OR music_s IS NULL
        OR speech_score IS NULL OR singing_score IS NULL OR music_score IS NULL OR other_score IS NULL
    )
