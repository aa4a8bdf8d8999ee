"""The figures of a run: a Markdown table for people, everything for programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

import jiwer

from benchmarks.scenes.captions import Order, Verdict
from benchmarks.scenes.scoring import Scored
from benchmarks.scenes.signals import wilson
from fusionaudio_assets.markdown import cell, table


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: What it is.
        value: As shown.
        of: Over how much.
        aim: What is aimed at; empty for none.
    """

    name: str
    value: str
    of: str
    aim: str = ""


def share(hits: int, of: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson(hits, of)
    return f"{hits / of:.3f} ({low:.2f}–{high:.2f})" if of else "–"


def figures(scored: Sequence[Scored], precision_by_class: Mapping[str, float]) -> list[Figure]:
    """All figures over the scenes."""
    return [*_captions(scored), *_cues(scored, precision_by_class)]


def _captions(scored: Sequence[Scored]) -> list[Figure]:
    claims = Counter(verdict for one in scored for _, verdict in one.judged.claims)
    judged = claims[Verdict.RIGHT] + claims[Verdict.WRONG]
    clear = [(one, event) for one in scored for event in one.clear]
    known = [(one, event) for one, event in clear if event.source in one.known]
    silent = [one for one in scored if one.is_silent]
    order = Counter(told for one in scored for *_, told in one.judged.order)
    told = order[Order.RIGHT] + order[Order.WRONG]
    lengths = [right for one in scored for _, right in one.judged.lengths]
    captioned = [one for one in scored if one.caption]
    sounding = [one for one in captioned if not one.is_silent]
    clean = sum(not one.gives_source for one in sounding)
    return [
        Figure(
            "caption precision: claims that are true",
            share(claims[Verdict.RIGHT], judged),
            f"{judged} claims",
            "≥ 0.95",
        ),
        Figure("captions without a false claim", share(clean, len(sounding)), f"{len(sounding)} captions of sounds"),
        Figure(
            "recall of clearly audible sources that the tagger knows",
            share(sum(event.source in one.judged.named for one, event in known), len(known)),
            f"{len(known)} sources",
            "≥ 0.8",
        ),
        Figure(
            "recall of all clearly audible sources",
            share(sum(event.source in one.judged.named for one, event in clear), len(clear)),
            f"{len(clear)} sources",
        ),
        Figure(
            "silence and noise given a source",
            str(sum(one.gives_source for one in silent)),
            f"{len(silent)} scenes",
            "0",
        ),
        Figure(
            "order told rightly, where it is told", share(order[Order.RIGHT], told), f"{told} of {order.total()} pairs"
        ),
        Figure("lengths told rightly, where they are told", share(sum(lengths), len(lengths)), f"{len(lengths)} times"),
        Figure(
            "captions with words of the picture or the transcript",
            str(sum(bool(one.judged.leaks) for one in scored)),
            f"{len(captioned)} captions",
            "0",
        ),
        Figure(
            "scenes with sounds that get no caption",
            str(sum(not one.caption for one in scored if not one.is_silent)),
            f"{len(scored) - len(silent)} scenes",
        ),
        Figure(
            "captions that tell how it sounds and name no source",
            str(sum(one.names_none for one in sounding)),
            f"{len(sounding)} captions of sounds",
        ),
        Figure(
            "captions that a scene of other sources has too",
            str(len(shared(scored))),
            f"{len(captioned)} captions",
            "0",
        ),
        Figure(
            "written by the language model",
            str(sum(one.author not in {"", "composer"} for one in captioned)),
            f"{len(captioned)} captions",
        ),
    ]


def _cues(scored: Sequence[Scored], precision_by_class: Mapping[str, float]) -> list[Figure]:
    found = [
        Figure(
            "tag average precision, mean over classes",
            f"{mean(precision_by_class.values()):.3f}",
            f"{len(precision_by_class)} classes",
        )
    ]
    for gate in ("separate", "transcribe", "music"):
        decided = [one.gates[gate] for one in scored if one.gates[gate][1] is not None]
        needless, missed = (decided.count(error) for error in ((True, False), (False, True)))
        found.append(Figure(f"gate: {gate}", f"{needless} needless, {missed} missed", f"{len(decided)} scenes"))
    alone = [one for one in scored if one.words and len(one.truth.events) == 1]
    mixed = [one for one in scored if one.words and len(one.truth.events) > 1]
    for name, chosen in (("alone", alone), ("with other sounds", mixed)):
        pairs = [one.words for one in chosen if one.words]
        rate = jiwer.wer([reference for reference, _ in pairs], [heard for _, heard in pairs]) if pairs else 0.0
        found.append(Figure(f"word error rate, speech {name}", f"{rate:.3f}", f"{len(pairs)} scenes"))
    found.append(
        Figure(
            "words believed where nobody speaks",
            str(sum(bool(one.invented) for one in scored)),
            f"{len(scored)} scenes",
            "0",
        )
    )
    parted = [one.separation for one in scored if one.separation]
    if parted:
        before, after = mean(one.before_db for one in parted), mean(one.after_db for one in parted)
        better = f"{after - before:+.1f} dB ({before:.1f} → {after:.1f})"
        found.append(Figure("SI-SDR of the voice by separation", better, f"{len(parted)} scenes"))
    return found


def shared(scored: Sequence[Scored]) -> list[Scored]:
    """Scenes whose caption another scene has too in which other kinds of sources are heard."""
    kinds: dict[str, set[frozenset[tuple[str, ...]]]] = {}
    for one in scored:
        if one.caption:
            kinds.setdefault(one.caption, set()).add(frozenset(event.labels for event in one.truth.events))
    return [one for one in scored if one.caption and len(kinds[one.caption]) > 1]


def markdown(scored: Sequence[Scored], shown: Sequence[Figure], profile: str) -> str:
    """The table, and what went wrong."""
    rows = [(one.name, one.value, one.of, one.aim) for one in shown]
    lines = [f"{len(scored)} scenes, profile `{profile}`.", "", table(("figure", "value", "over", "aim"), rows), ""]
    lines += ["What went wrong, by scene:", ""]
    for one in scored:
        wrong = [f"false: “{text}”" for text, verdict in one.judged.claims if verdict == Verdict.WRONG]
        missed = [event.source for event in one.clear if event.source not in one.judged.named]
        wrong += [f"missing: {name}{'' if name in one.known else ' (unknown to the tagger)'}" for name in missed]
        wrong += [f"order: {first}, {second}" for first, second, told in one.judged.order if told == Order.WRONG]
        wrong += [f"leak: “{leak}”" for leak in one.judged.leaks]
        wrong += [
            f"gate {gate}: {'needless' if did else 'missed'}"
            for gate, (did, should) in one.gates.items()
            if should not in (None, did)
        ]
        if wrong:
            lines.append(f"* `{one.truth.name}`: “{cell(one.caption)}” – {'; '.join(wrong)}")
    unread = Counter(word for one in scored for word in one.judged.unread)
    if unread:
        lines += ["", f"Words of captions that the lexicon does not know: {', '.join(sorted(unread))}."]
    return "\n".join(lines) + "\n"


def as_json(
    scored: Sequence[Scored], shown: Sequence[Figure], precision_by_class: Mapping[str, float]
) -> dict[str, Any]:
    """Everything."""
    scenes = [
        asdict(one) | {"known": sorted(one.known), "judged": asdict(one.judged) | {"named": sorted(one.judged.named)}}
        for one in scored
    ]
    return {
        "figures": [asdict(one) for one in shown],
        "tag_average_precision": dict(precision_by_class),
        "scenes": scenes,
    }
