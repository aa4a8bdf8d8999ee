"""What the report asks of the tables of some shards; the answers add up over any number of them.

`GROUPS` are answered with clips, captions, kept captions, and sums of words and similarities by name of the group;
`COUNTS` with a number by value, and where it says more, a second one.
"""

from collections.abc import Mapping

TABLES = ("raw_clips", "transcripts", "fused_captions", "caption_scores", "filtered_dataset")
"""What is read; only shards that have all of these are reported on."""

CLIPS = r"""
CREATE OR REPLACE TEMP TABLE clips AS
SELECT shard, clip_id, fused_captions.caption, fused_captions.author, fused_captions.modalities, abstained,
    abstain_reason, leaks, draft_rejected,
    list_filter(claims, lambda claim: NOT coalesce(claim.supported, false)) AS unsupported,
    len(regexp_extract_all(fused_captions.caption, '\S+')) AS words,
    CASE WHEN fused_captions.caption IS NOT NULL THEN caption_scores.similarity END AS similarity,
    caption_scores.scorer, coalesce(kept, false) AS kept, drop_reasons,
    list_distinct(list_transform(labels, lambda label: label.name)) AS labels
FROM fused_captions
JOIN filtered_dataset USING (shard, clip_id)
JOIN caption_scores USING (shard, clip_id)
JOIN raw_clips USING (shard, clip_id)
WHERE shard BETWEEN $first AND $last
"""
"""One row a clip of some shards, with all that is said of its caption."""

HEARD = """
CREATE OR REPLACE TEMP TABLE heard AS
SELECT confident, language, list_transform(words, lambda word: word.probability) AS probabilities
FROM transcripts
WHERE status = 'ok' AND shard BETWEEN $first AND $last
"""
"""One row a transcript of the same shards."""

_SUMS = """count(*) AS clips, count(caption) AS captions, count_if(kept)::BIGINT AS kept,
    sum(words)::BIGINT AS words, count(similarity) AS scored, sum(similarity) AS similarity"""

GROUPS: Mapping[str, str] = {
    "all": f"SELECT '' AS name, {_SUMS} FROM clips GROUP BY ALL",  # noqa: S608 - no input
    "author": f"SELECT author AS name, {_SUMS} FROM clips WHERE caption IS NOT NULL GROUP BY ALL",  # noqa: S608
    "modality": f"""
        SELECT name, {_SUMS}
        FROM (SELECT unnest(modalities) AS name, * FROM clips WHERE caption IS NOT NULL) GROUP BY ALL""",  # noqa: S608
    "label": f"SELECT name, {_SUMS} FROM (SELECT unnest(labels) AS name, * FROM clips) GROUP BY ALL",  # noqa: S608
}

COUNTS: Mapping[str, str] = {
    "words": "SELECT words::DOUBLE AS value, count(*) AS clips FROM clips WHERE caption IS NOT NULL GROUP BY ALL",
    "similarity": """
        SELECT round(similarity, 2)::DOUBLE AS value, count(*) AS clips
        FROM clips WHERE similarity IS NOT NULL GROUP BY ALL""",
    "scorer": "SELECT scorer AS value, count(*) AS clips FROM clips WHERE scorer IS NOT NULL GROUP BY ALL",
    "cues": """
        SELECT array_to_string(list_sort(modalities), ' + ') AS value, count(*) AS clips
        FROM clips WHERE caption IS NOT NULL GROUP BY ALL""",
    "abstained": "SELECT abstain_reason AS value, count(*) AS clips FROM clips WHERE abstained GROUP BY ALL",
    "drop_reason": """
        SELECT value, count(*) AS clips FROM (SELECT unnest(drop_reasons) AS value FROM clips) GROUP BY ALL""",
    "drop_reason_by_label": """
        SELECT value, more, count(*) AS clips
        FROM (SELECT unnest(labels) AS value, drop_reasons FROM clips), unnest(drop_reasons) AS dropped(more)
        GROUP BY ALL""",
    "leak": """
        SELECT value, count(*) AS clips
        FROM (SELECT unnest(list_distinct(list_transform(leaks, lambda leak: leak.kind))) AS value FROM clips)
        GROUP BY ALL""",
    "unsupported": "SELECT 'clips' AS value, count(*) AS clips FROM clips WHERE len(unsupported) > 0 GROUP BY ALL",
    # What a draft was refused for names words and reports of the clip, in quotes or at its end: they are left out.
    "draft_rejected": r"""
        SELECT value, count(*) AS clips
        FROM (
            SELECT unnest(list_distinct(list_transform(
                string_split_regex(
                    regexp_replace(
                        regexp_replace(draft_rejected, '; the nearest is .*?\.+( ["I]|$)', '.\1', 'g'),
                        '"[^"]*"|\d+', '…', 'g'
                    ),
                    '\.\s*'
                ),
                lambda fault: regexp_replace(
                    regexp_replace(trim(fault), ': .*$', ': …'),
                    '^It tells .* (before|as if at once).*$', 'It tells sounds … \1'
                )
            ))) AS value
            FROM clips
        )
        WHERE value <> ''
        GROUP BY ALL""",
    "transcript": """
        SELECT CASE WHEN confident THEN 'confident' ELSE 'doubtful' END AS value, count(*) AS clips
        FROM heard GROUP BY ALL""",
    "language": "SELECT coalesce(language, '') AS value, count(*) AS clips FROM heard GROUP BY ALL",
    "word_probability": """
        SELECT round(value, 2)::DOUBLE AS value, count(*) AS clips
        FROM (SELECT unnest(probabilities) AS value FROM heard) WHERE value IS NOT NULL GROUP BY ALL""",
}

CAPTIONS = """
SELECT caption, list_contains(modalities, 'music') AS musical FROM clips WHERE caption IS NOT NULL
"""
"""The captions of the same shards, of which `survey` counts what they name."""

EXAMPLES = """
SELECT clip_id, shard, similarity, kept, array_to_string(labels, ', ') AS labels, caption
FROM clips
WHERE similarity IS NOT NULL
ORDER BY similarity {direction}, clip_id
LIMIT {most}
"""
