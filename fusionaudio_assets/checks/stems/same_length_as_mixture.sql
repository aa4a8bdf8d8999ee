-- guards: Vocals have the sample rate and the number of samples of their mixture, so that the rest is a difference.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, this.num_samples, this.sample_rate_hz, duration_s, raw_clips.sample_rate_hz AS mixture_hz
FROM this JOIN raw_clips USING (shard, clip_id)
WHERE this.status = 'ok'
    AND NOT coalesce(
        this.sample_rate_hz = raw_clips.sample_rate_hz
        -- The duration is a 32-bit float: exact to the sample up to some minutes.
        AND abs(this.num_samples - duration_s::DOUBLE * raw_clips.sample_rate_hz) <= 0.5 + 1e-7 * this.num_samples,
        false
    )
