-- guards: Every claim stands in its caption where it is said to.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, list_transform(displaced, lambda claim: claim.text) AS displaced, caption
FROM (
    SELECT *, list_filter(
        claims,
        lambda claim: claim.text IS DISTINCT FROM substring(caption, claim.start + 1, claim."end" - claim.start)
    ) AS displaced
    FROM this
)
WHERE caption IS NOT NULL AND len(displaced) > 0
