-- guards: A clip that is a segment of a file lasts as long as the segment.
-- severity: WARN
-- bound: share <= 0.05 or clips <= 2
-- among: status = 'ok' AND end_s IS NOT NULL
SELECT shard, clip_id, start_s, end_s, duration_s
FROM this
WHERE status = 'ok' AND abs(end_s - coalesce(start_s, 0) - duration_s) > 0.25
