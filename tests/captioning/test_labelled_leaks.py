"""The leak detectors on labelled sentences: how many they find, how many they flag wrongly, how fast they are."""

import time

import pytest

from tests.captioning.labelled import sentences

SETS = ("dev", "held-out", "later", "last", "final", "fresh", "second", "third", "fourth", "fifth", "sixth")
OF_OTHERS = (
    *("second-author", "second-author-b", "third-author", "fourth-author", "fifth-author", "sixth-author"),
    *("seventh-author", "eighth-author"),
    "spoken",
)
BY_CAUSE = (
    *("by-cause", *(f"by-cause-{letter}" for letter in "bcdefghijklm")),
    *("shared-words", "shared-words-b", "shared-words-c"),
)


@pytest.mark.parametrize("kind", ["visual", "speech"])
def test_labelled_sentences(kind: str) -> None:
    """What stands in docs/quality.md: on no set may the rules fall behind what they reached."""
    for split in SETS + OF_OTHERS:
        rows = [one for one in sentences(split) if one.kind == kind]
        if not rows:
            continue
        flagged = [one for one in rows if one.found()]
        caught = [one for one in flagged if one.leak]
        assert len(caught) / len(flagged) >= (0.95 if split == "fifth-author" else 0.96), split
        assert len(caught) / sum(one.leak for one in rows) >= (0.95 if split in {"second", "spoken"} else 0.98), split


@pytest.mark.parametrize("kind", ["visual", "speech"])
def test_sentences_made_to_mislead(kind: str) -> None:
    """Harder than captions are: each was written for a cause of wrong flags."""
    rows = [one for split in BY_CAUSE for one in sentences(split) if one.kind == kind]
    flagged = [one for one in rows if one.found()]
    caught = [one for one in flagged if one.leak]
    assert len(caught) / len(flagged) >= 0.9
    assert len(caught) / sum(one.leak for one in rows) >= 0.95


def test_a_leak_is_found_at_its_place() -> None:
    rows = [one for split in (*SETS, "second-author") for one in sentences(split) if one.leak]
    placed = [
        one
        for one in rows
        if any(
            leak.start < (start := one.caption.index(span)) + len(span) and start < leak.end
            for span in one.spans
            for leak in one.found()
        )
    ]
    assert len(placed) / len(rows) >= 0.96


def test_ten_thousand_captions_take_seconds() -> None:
    rows = [one for split in SETS for one in sentences(split)]
    begun = time.process_time()
    for one in rows:
        one.found()
    assert (time.process_time() - begun) / len(rows) < 0.006
