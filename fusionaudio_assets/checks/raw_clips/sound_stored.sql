-- guards: Every decoded clip has sound: a positive duration, a rate, channels, a hash and a payload file.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, duration_s, sample_rate_hz, channels, audio_sha256, audio_file
FROM this
WHERE status = 'ok'
    AND NOT coalesce(
        duration_s > 0
        AND isfinite(duration_s)
        AND sample_rate_hz > 0
        AND channels > 0
        AND regexp_full_match(audio_sha256, '[0-9a-f]{64}')
        AND audio_file <> '',
        false
    )
