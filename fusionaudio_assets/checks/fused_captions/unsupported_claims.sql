-- guards: Few captions claim what no cue supports.
-- severity: WARN
-- bound: share <= 0.1 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, list_transform(unsupported, lambda claim: claim.text) AS unsupported, caption
FROM (SELECT *, list_filter(claims, lambda claim: NOT coalesce(claim.supported, false)) AS unsupported FROM this)
WHERE caption IS NOT NULL AND len(unsupported) > 0
