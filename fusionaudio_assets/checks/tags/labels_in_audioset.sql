-- guards: Every tag and event is a class of the AudioSet ontology.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, label
FROM (
    SELECT shard, clip_id, unnest(list_concat(list_transform(tags, lambda tag: tag.label),
                                              list_transform(events, lambda event: event.label))) AS label
    FROM this
)
WHERE label IS NULL OR label NOT IN (FROM audioset)
