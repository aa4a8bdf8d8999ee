-- guards: A caption can be given for most clips.
-- severity: WARN
-- bound: share <= 0.3 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, author, abstain_reason
FROM this
WHERE abstained
