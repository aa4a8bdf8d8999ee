-- guards: Segments are of speech, singing or music.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, segment.kind
FROM (SELECT shard, clip_id, unnest(segments) AS segment FROM this)
WHERE NOT coalesce(segment.kind IN ('speech', 'singing', 'music'), false)
