-- guards: Peak and loudness are what recordings have, and the peak is not below what the loudness takes.
-- severity: WARN
-- bound: share <= 0.02 or clips <= 2
-- among: status = 'ok'
SELECT shard, clip_id, peak_db, loudness_lufs
FROM this
WHERE status = 'ok'
    AND (
        NOT coalesce(peak_db BETWEEN -120 AND 6, false)  -- decoders of lossy codecs overshoot full scale
        OR NOT coalesce(loudness_lufs BETWEEN -70 AND 6, true)  -- none is measured where it is too quiet or too short
        OR coalesce(loudness_lufs > peak_db + 8, false)
    )
