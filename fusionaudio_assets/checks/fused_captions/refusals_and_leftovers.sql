-- guards: Captions hold no refusals, no address to the reader and no remains of a prompt or of a model's thinking.
-- severity: ERROR
-- bound: share <= 0.01 or clips <= 2
-- among: caption IS NOT NULL
SELECT shard, clip_id, caption
FROM this
WHERE regexp_matches(caption, concat_ws('|',
    '\b(language model|as an ai|as an assistant|an ai assistant)\b',
    '\bi(''m| am)? (sorry|apologi[sz]e|unable|cannot|can''t|could not|couldn''t|don''t|do not|will not|won''t)\b',
    '\b(cannot|can''t|unable to) (assist|comply|help|fulfil|provide|generate|determine|describe|caption)',
    '^\W*(sure|certainly|of course|absolutely|okay)\s*[,!.:]',
    '^\W*(here is|here''s|here are|this is) (the|a|an|your) (\w+ ){0,3}(caption|description|sentence|answer)',
    '^\W*(caption|answer|output|response|final|description|json|system|user|assistant|note)\s*:',
    '\b(the|this) (\w+ )?(caption|prompt|transcript|metadata)\b',
    '\b(these|given|provided|following) (\w+ )?(captions?|prompts?|transcripts?|metadata|cues|tags|labels|reports)\b',
    '\b(based on|according to) (the|these|this)\b',
    '</?think|<\|[^|]*\||\[/?inst\]|\{cues\}|"caption"|"abstain"',
    '\blet me know\b|\bwould you like\b|\bhope this helps\b|\bas requested\b'
), 'i')
