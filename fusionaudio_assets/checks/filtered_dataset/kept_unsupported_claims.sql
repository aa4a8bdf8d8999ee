-- guards: No caption is kept that claims what no cue supports.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, list_transform(unsupported, lambda claim: claim.text) AS unsupported, this.caption
FROM this
JOIN (
    SELECT shard, clip_id, list_filter(claims, lambda claim: NOT coalesce(claim.supported, false)) AS unsupported
    FROM fused_captions
) USING (shard, clip_id)
WHERE kept AND len(unsupported) > 0
