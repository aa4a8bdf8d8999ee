-- guards: Every clip has either a caption, with its author, or an abstention, with its reason.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, caption, author, abstained, abstain_reason
FROM this
WHERE status = 'ok'
    AND NOT coalesce(
        CASE
            WHEN abstained THEN caption IS NULL AND trim(abstain_reason) <> ''
            WHEN NOT abstained THEN trim(caption) <> '' AND trim(author) <> ''
        END,
        false
    )
