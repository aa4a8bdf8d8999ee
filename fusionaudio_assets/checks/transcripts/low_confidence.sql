-- guards: Most of the words that are recognised may be believed.
-- severity: WARN
-- bound: share <= 0.5 or clips <= 2
-- among: status = 'ok' AND trim(text) <> ''
SELECT shard, clip_id, avg_logprob, no_speech_prob, compression_ratio, language_probability
FROM this
WHERE status = 'ok' AND trim(text) <> '' AND NOT confident
