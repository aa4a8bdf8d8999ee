-- guards: Tempos are such as music has.
-- severity: ERROR
-- bound: share <= 0.05 or clips <= 2
-- among: tempo_bpm IS NOT NULL
SELECT shard, clip_id, tempo_bpm
FROM this
WHERE tempo_bpm IS NOT NULL AND NOT tempo_bpm BETWEEN 20 AND 400
