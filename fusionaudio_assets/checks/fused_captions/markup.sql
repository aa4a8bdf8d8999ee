-- guards: Captions are plain text: no markup, addresses, control characters or characters that were not decoded.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, caption
FROM this
WHERE regexp_matches(caption, concat_ws('|',
    '[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}\x{fffd}]',
    '</?[a-z][^<>]*>|&(#\d+|#x[0-9a-f]+|[a-z]+);',
    'https?://|\bwww\.|\b[\w.]+@\w+\.\w+',
    '\*\*|__|`|^\s*([#*>•]|-\s|\d+[.)]\s)|\[[^\]]*\]\(|[{}]|\\[nrtu"]'
), 'i')
