-- guards: Words and segments of a transcript that is believed lie inside its clip and end after they start.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: confident
WITH spans AS (
    SELECT shard, clip_id, unnest(list_concat(
        list_transform(words, lambda word: {'text': word.text, 'start_s': word.start_s, 'end_s': word.end_s}),
        list_transform(segments, lambda part: {'text': part.text, 'start_s': part.start_s, 'end_s': part.end_s})
    )) AS span
    FROM this
    WHERE confident
)
SELECT shard, clip_id, span.text, span.start_s, span.end_s, duration_s
FROM spans JOIN raw_clips USING (shard, clip_id)
-- A recogniser pads what it hears, by less than half a second.
WHERE NOT coalesce(0 <= span.start_s AND span.start_s <= span.end_s AND span.end_s <= duration_s + 0.5, false)
