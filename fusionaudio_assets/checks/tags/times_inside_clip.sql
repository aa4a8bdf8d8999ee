-- guards: Events, segments and stretches lie inside their clip and end after they start.
-- severity: ERROR
-- bound: clips <= 0
WITH spans AS (
    SELECT shard, clip_id, segment.kind AS label, segment.start_s, segment.end_s
    FROM (SELECT shard, clip_id, unnest(segments) AS segment FROM this)
    UNION ALL
    SELECT shard, clip_id, 'stretch' AS label, stretch.start_s, stretch.end_s
    FROM (SELECT shard, clip_id, unnest(stretches) AS stretch FROM this)
    UNION ALL
    SELECT shard, clip_id, label, span.start_s, span.end_s
    FROM (
        SELECT shard, clip_id, event.label AS label, unnest(event.spans) AS span
        FROM (SELECT shard, clip_id, unnest(events) AS event FROM this)
    )
)
SELECT shard, clip_id, label, spans.start_s, spans.end_s, duration_s
FROM spans JOIN raw_clips USING (shard, clip_id)
-- Times are rounded to 10 ms, so that a short span may have no length; a last frame may reach past the sound.
WHERE NOT coalesce(0 <= spans.start_s AND spans.start_s <= spans.end_s AND spans.end_s <= duration_s + 0.1, false)
