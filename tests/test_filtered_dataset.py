"""What is released: every reason against a clip is told, and none that does not hold."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.support import check_support, names_a_source
from fusionaudio_assets.filtered_dataset import FilteredDatasetParams, decide
from fusionaudio_assets.stage import Job, Models, Row

DOCS = Path(__file__).parents[1] / "docs"
CAPTION = "A dog barks while rain falls."


def decided(*clips: dict[str, Any], **params: Any) -> list[Row]:
    jobs = [Job(f"{number:04d}", inputs) for number, inputs in enumerate(clips)]
    return decide(jobs, Models(), FilteredDatasetParams(**params))


def clip(caption: str | None = CAPTION, similarity: float | None = 0.5, **changes: Any) -> dict[str, Any]:
    fused: dict[str, Any] = {
        "caption": caption,
        "author": "composer",
        "modalities": [],
        "abstained": False,
        "unsupported": [],
        "names_source": True,
    }
    inputs: dict[str, Any] = {
        "clip": {"status": "ok", "reason": None, "license": None, "split": None, "duration_s": 1.0},
        "fused": {"status": "ok", "reason": None, "leaks": []} | fused,
        "scores": {"status": "ok", "reason": None, "scorer": "bridge", "similarity": similarity},
    }
    for part, values in changes.items():
        inputs[part] |= values
    return inputs


def reasons(row: Row) -> list[str]:
    found: list[str] = row["drop_reasons"]
    return found


def test_a_good_caption_is_kept() -> None:
    (row,) = decided(clip())
    assert row["kept"]
    assert reasons(row) == []


def test_a_caption_that_could_not_be_scored_is_dropped_for_that_alone() -> None:
    (row,) = decided(clip(similarity=None, scores={"status": "failed", "reason": "model_error", "scorer": None}))
    assert not row["kept"]
    assert reasons(row) == ["model_error"]


def test_all_reasons_are_told() -> None:
    (row,) = decided(clip("A dog.", 0.0, fused={"leaks": ["visual"], "unsupported": ["dog"]}))
    assert reasons(row) == ["visual_leak", "unsupported_claim", "caption_too_short", "low_similarity"]


def test_broken_media_and_abstentions_keep_their_own_reason() -> None:
    broken, abstained = decided(
        clip(None, None, clip={"status": "failed", "reason": "truncated"}), clip(None, None, fused={"abstained": True})
    )
    assert (reasons(broken), reasons(abstained)) == (["truncated"], ["abstained"])


def test_of_equal_captions_the_best_fit_is_kept() -> None:
    rows = decided(clip(), clip(CAPTION.upper(), 0.7), clip(f" {CAPTION}", 0.7), clip(similarity=0.0))
    assert [row["kept"] for row in rows] == [False, True, False, False]
    assert [reasons(row) for row in rows] == [["duplicate_caption"], [], ["duplicate_caption"], ["low_similarity"]]


def test_a_caption_that_names_no_source_is_dropped_unless_the_profile_keeps_it() -> None:
    thin = clip("A short, low sound is heard before all goes quiet.", fused={"names_source": False})
    assert [reasons(row) for row in (*decided(thin), *decided(thin, needs_source=False))] == [["no_source_named"], []]


def test_whether_a_source_is_named_is_read_off_the_claims() -> None:
    """Of the captions in docs/captions.md those of sounds that no tag names have none; silence is told."""
    clips: dict[str, Cues] = runpy.run_path(str(DOCS / "make_captions.py"))["clips"]()
    captions = {name: (caption, cues) for name, cues in clips.items() if (caption := compose(cues).caption)}
    claims = {name: check_support(*told).claims for name, told in captions.items()}
    nameless = {name for name in claims if not names_a_source(cue for claim in claims[name] for cue in claim.by)}
    assert nameless == {"sounds that no tagger knows", "a low rumble that dies away"}


@pytest.mark.parametrize(
    ("by", "named"),
    [
        (("events: Rain",), True),
        (("silence",), True),
        (("events: Silence",), True),
        (("signal: low", "events: Rain"), True),
        (("signal: low", "events: Silence"), False),
        (("signal",), False),
        ((), False),
    ],
)
def test_the_silence_after_a_sound_without_a_name_is_no_source(by: tuple[str, ...], named: bool) -> None:
    assert names_a_source(by) is named
