-- guards: The stage itself fails on no more than a few of the clips that it works on.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: status <> 'skipped'
SELECT shard, clip_id, reason, detail
FROM this
WHERE status = 'failed'
