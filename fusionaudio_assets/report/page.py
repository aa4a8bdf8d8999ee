"""The report as people read it: Markdown, with a picture."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fusionaudio_assets.captioning.named import KINDS
from fusionaudio_assets.distribution import Panel, percentiles, picture
from fusionaudio_assets.figures import MIN_CLIPS, MIN_SHARDS, OUTLYING
from fusionaudio_assets.markdown import cell, code, table
from fusionaudio_assets.reasons import meaning_of
from fusionaudio_assets.report.survey import OF_MUSIC, Group, Report
from resources.english import counted

MOST_ROWS = 20
"""Longest table; what is rarer is left out, and the report says so."""

_LABEL, _LABELS = 80, 200
"""Characters of a label, and of all labels of a clip: a source may write anything into them."""

_GROUP_HEAD = ("clips", "captions", "kept", "kept share", "words a caption", "similarity")


def as_picture(report: Report) -> str:
    """Labels; lengths, scores, cues and writers of all captions; how much they name; as SVG."""
    counts = report.counts
    labels = {name: group.clips for name, group in report.groups["label"].items()}
    return picture(
        Panel("Captions by number of words", counts["words"], "words"),
        Panel("Captions by similarity", counts["similarity"], "similarity of caption and clip"),
        Panel("Captions by writer", _captions(report, "author")),
        Panel("Captions by cue drawn on", _captions(report, "modality")),
        Panel("Captions by number of cues", report.numbers_of_cues, "cues drawn on"),
        Panel("Clips by label of the source", labels),
        *(
            Panel(f"Captions by number of {kind}", report.numbers_named[kind], f"{kind} that the caption names")
            for kind in KINDS
        ),
    )


def as_markdown(report: Report, picture_link: str) -> str:
    """The whole report.

    Args:
        report: What was found.
        picture_link: Where `as_picture` is.
    """
    sections = (
        _summary(report),
        f"![Captions by length, similarity, writer, cues and what they name; clips by label]({picture_link})",
        _distributions(report),
        _groups("Who wrote the captions", "writer", report.largest("author")),
        _counted("Drafts of the language model that were not taken", "fault", report.counts["draft_rejected"]),
        _groups("What the captions draw on", "cue", report.largest("modality")),
        _together(report),
        _named(report),
        _counted("Clips without a caption, by what the writer says", "reason", report.counts["abstained"]),
        _decisions(report),
        _labels(report),
        _transcripts(report),
        _failures(report),
        _drift(report),
        _examples(report),
    )
    return "\n\n".join(filter(None, sections)) + "\n"


def _summary(report: Report) -> str:
    clips = report.all
    lines = [
        "# Quality of the captions",
        "",
        f"{counted(clips.clips, 'clip')} in {counted(report.shards, 'shard')}: "
        f"{counted(clips.captions, 'has', 'have')} a caption, "
        f"{counted(report.counts['abstained'].total(), 'has', 'have')} none since the writer abstained, and "
        f"{counted(clips.kept, 'is', 'are')} kept ({_share(clips.kept, clips.clips)}).",
    ]
    if report.unfinished:
        unfinished = counted(report.unfinished, "shard is", "shards are")
        lines.append(f"{unfinished} not finished: only failures are told of what is not.")
    return "\n".join(lines)


def _distributions(report: Report) -> str:
    rows = [
        (name, *(f"{round(value, 3):g}" for value in percentiles(report.counts[key]).values()))
        for key, name in (("words", "words"), ("similarity", "similarity"))
        if report.counts[key]
    ]
    if not rows:
        return ""
    scorers = ", ".join(f"{cell(name)} {count:,}" for name, count in report.counts["scorer"].most_common())
    head = ("captions by", "mean", "least", "5 %", "median", "95 %", "most")
    return f"{table(head, rows)}\n\nScored by: {scorers or 'no scorer'}. Scales of different scorers do not compare."


def _groups(title: str, what: str, groups: Sequence[tuple[str, Group]]) -> str:
    if not groups:
        return ""
    rows = [(code(name), *_columns(group)) for name, group in groups]
    return f"## {title}\n\n{table((what, *_GROUP_HEAD), rows[:MOST_ROWS])}{_left_out(len(rows))}"


def _counted(title: str, what: str, counts: Mapping[Any, int]) -> str:
    if not counts:
        return ""
    rows = [(cell(name or "not told"), f"{count:,}") for name, count in _ordered(counts)]
    return f"## {title}\n\n{table((what, 'clips'), rows[:MOST_ROWS])}{_left_out(len(rows))}"


def _together(report: Report) -> str:
    if not (told := _counted("Cues together", "cues", report.counts["cues"])):
        return ""
    return f"{told}\n\n{report.share_of_several_cues:.0%} of the captions draw on two cues or more."


def _named(report: Report) -> str:
    if not report.all.captions:
        return ""
    rows = []
    for kind in KINDS:
        numbers, musical = report.numbers_named[kind], report.numbers_named[f"{kind}{OF_MUSIC}"]
        most = ", ".join(f"{cell(name)} {count:,}" for name, count in _ordered(report.named[kind])[:8])
        of_music = f"{percentiles(musical)['mean']:.2f}" if musical else ""
        rows.append(
            (kind, f"{numbers.total() - numbers[0]:,}", f"{percentiles(numbers)['mean']:.2f}", of_music, most or "none")
        )
    head = ("what", "captions that name any", "mean a caption", "of captions that draw on music", "named most")
    return f"## Named in the captions\n\nDifferent words of the caption itself.\n\n{table(head, rows)}"


def _decisions(report: Report) -> str:
    if not report.counts["drop_reason"]:
        return ""
    rows = ((f"`{name}`", meaning_of(name), f"{count:,}") for name, count in _ordered(report.counts["drop_reason"]))
    return f"## Reasons against clips\n\nA clip may have several.\n\n{table(('reason', 'meaning', 'clips'), rows)}"


def _labels(report: Report) -> str:
    labels = report.groups["label"]
    if not labels:
        return ""
    reasons = report.counts["drop_reason_by_label"]

    def against(label: str) -> str:
        own = {reason: count for (name, reason), count in reasons.items() if name == label}
        return ", ".join(f"{reason} {count:,}" for reason, count in _ordered(own)[:3])

    ordered = sorted(labels.items(), key=lambda item: (item[1].kept - item[1].clips, -item[1].clips, item[0]))
    rows = [(cell(name, _LABEL), *_columns(group), against(name)) for name, group in ordered[:MOST_ROWS]]
    return (
        f"## Labels of the sources\n\nThose that lose most clips first.\n\n"
        f"{table(('label', *_GROUP_HEAD, 'most frequent reasons against'), rows)}{_left_out(len(ordered))}"
    )


def _transcripts(report: Report) -> str:
    heard, languages = report.counts["transcript"], report.counts["language"]
    if not heard:
        return ""
    errors = report.expected_word_errors
    named = ", ".join(f"{cell(name) or 'unknown'} {count:,}" for name, count in _ordered(languages)[:8])
    lines = [
        "## Transcripts",
        "",
        f"* {counted(heard.total(), 'clip was', 'clips were')} transcribed. Of "
        f"{_share(heard['confident'], heard.total())} the words pass all thresholds of the profile: they may be "
        "believed.",
        f"* Languages: {named}.",
    ]
    if errors is not None:
        lines.append(
            f"* By its own probabilities the recogniser expects {errors:.0%} of the words to be wrong. They are not "
            "calibrated, and nothing was compared with the words: good for comparisons, no word error rate."
        )
    return "\n".join(lines)


def _failures(report: Report) -> str:
    if not report.failures:
        return "## Failures\n\nNo stage failed on any clip."
    rows = [
        (f"`{stage}`", f"`{reason}`", meaning_of(reason), f"{count:,}")
        for (stage, reason), count in _ordered(report.failures)
    ]
    shown = table(("stage", "reason", "meaning", "clips"), rows[:MOST_ROWS])
    return f"## Failures\n\n{shown}{_left_out(len(rows))}\n\n`fusionaudio failures` names clips."


def _drift(report: Report) -> str:
    title = "## Shards that stand out\n\n"
    if not report.compared:
        return f"{title}Shards are compared once {MIN_SHARDS} of them have {counted(MIN_CLIPS, 'clip')} to compare."
    if report.drifted.is_empty():
        return f"{title}None of {counted(report.compared, 'shard')} that can be compared."
    rows = [
        (
            *(code(row[name]) for name in ("shard", "asset", "name")),
            *(f"{row[name]:.4g}" for name in ("value", "median", "distance")),
        )
        for row in report.drifted.head(MOST_ROWS).to_dicts()
    ]
    head = ("shard", "asset", "figure", "here", "median of the shards", "distance")
    return (
        f"{title}Shards with figures farther than {OUTLYING} spreads from the median of all shards (modified z-score "
        f"of Iglewicz and Hoaglin, docs/checks.md): {len(report.standing_out):,} of {report.compared:,}.\n\n"
        f"{table(head, rows)}{_left_out(report.drifted.height)}"
    )


def _examples(report: Report) -> str:
    parts = []
    for name, title in (("worst", "Captions that fit their clip worst"), ("best", "Captions that fit their clip best")):
        rows = [
            (
                *(f"`{row['clip_id']}`", f"`{row['shard']}`", f"{row['similarity']:.3f}"),
                *("yes" if row["kept"] else "no", cell(row["labels"] or "", _LABELS), cell(row["caption"])),
            )
            for row in report.examples[name]
        ]
        if rows:
            parts.append(f"## {title}\n\n{table(('clip', 'shard', 'similarity', 'kept', 'labels', 'caption'), rows)}")
    return "\n\n".join([*parts, "`fusionaudio show CLIP` tells all that is known about a clip."]) if parts else ""


def _captions(report: Report, kind: str) -> dict[str, int]:
    return {name: group.captions for name, group in report.groups[kind].items()}


def _ordered(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _columns(group: Group) -> Iterator[str]:
    yield f"{group.clips:,}"
    yield f"{group.captions:,}"
    yield f"{group.kept:,}"
    yield _share(group.kept, group.clips)
    yield "" if group.mean_words is None else f"{group.mean_words:.1f}"
    yield "" if group.mean_similarity is None else f"{group.mean_similarity:.3f}"


def _share(count: int, of: int) -> str:
    return f"{count / of:.0%}" if of else "none"


def _left_out(rows: int) -> str:
    return f"\n\nNot shown: {rows - MOST_ROWS:,} more." if rows > MOST_ROWS else ""
