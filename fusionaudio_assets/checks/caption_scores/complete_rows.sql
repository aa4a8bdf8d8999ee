-- guards: Every scored caption has its score, a number in [-1, 1], its scorer and its length.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, similarity, scorer, num_words
FROM this
WHERE status = 'ok'
    -- Rounding may carry a cosine past 1.
    AND NOT coalesce(similarity BETWEEN -1.001 AND 1.001 AND scorer <> '' AND num_words > 0, false)
