-- guards: Human labels are as frequent among the kept clips as among all: the filter prefers no kind of sound.
-- severity: WARN
-- bound: figure <= 0.15

-- Largest difference of a label's share of clips; only where enough clips are kept for shares to mean something.
WITH clips AS (
    SELECT shard, clip_id, coalesce(kept, false) AS kept, labels FROM this JOIN raw_clips USING (shard, clip_id)
),
sizes AS (SELECT shard, count(*) AS clips, count_if(kept) AS kept_clips FROM clips GROUP BY shard),
shares AS (
    SELECT shard, label, count(*) / any_value(clips) AS of_all, count_if(kept) / any_value(kept_clips) AS of_kept
    FROM (SELECT DISTINCT shard, clip_id, kept, unnest(labels).name AS label FROM clips) JOIN sizes USING (shard)
    WHERE kept_clips >= 50
    GROUP BY shard, label
)
SELECT shard, max(abs(of_kept - of_all)) AS figure, arg_max(label, abs(of_kept - of_all)) AS label,
    arg_max(of_all, abs(of_kept - of_all)) AS share_of_all, arg_max(of_kept, abs(of_kept - of_all)) AS share_of_kept
FROM shares
GROUP BY shard
