"""What a forecast says of rows is held against what the run then does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.forecast import Cause
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.stage.runner import progress_listener
from tests.doubles import Hello
from tests.forecast.world import Ears, Words, World, check
from tests.properties import examples

FIRST, SECOND = "shard-000001", "shard-000002"
CLIPS, BROKEN = 10, 1
ALL = 2 * CLIPS + BROKEN
GOOD = 2 * CLIPS
SPOKEN = 12
"""Clips in which somebody speaks, three kinds of five."""


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A lake of two shards after a run."""
    world = World(tmp_path_factory.mktemp("world"))
    world.ingest(CLIPS, BROKEN)
    world.ingest(CLIPS)
    world.run()
    return world


@pytest.fixture
def world(captioned: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copied(captioned, tmp_path)


def copied(captioned: World, to: Path) -> World:
    import shutil

    shutil.copytree(captioned.root, to / "copy")
    copy = World(to / "copy")
    copy.batches = captioned.batches
    return copy


@dataclass(frozen=True)
class Case:
    """A change, the first stage that it changes, and what the forecast must say of it."""

    change: Callable[[World], None]
    stage: str
    computed: int
    cause: Cause
    told: str = ""
    settled: int = 0


def _delete(world: World) -> None:
    world.workspace.lake.delete(f"tags/{FIRST}.parquet")


CASES = {
    "new clips": Case(lambda w: w.ingest(5), "raw_clips", 5, Cause.NEW_CLIP),
    "model": Case(
        lambda w: w.model("tags", "tagger", Ears, deaf_to=2), "tags", GOOD, Cause.SETTINGS, "deaf_to: -1 → 2"
    ),
    "other model": Case(
        lambda w: w.model("transcripts", "recognizer", Hello),
        "transcripts",
        SPOKEN,
        Cause.MODEL,
        "recognizer: double-words → double-hello",
    ),
    "prompt": Case(
        lambda w: w.params("fused_captions", prompt={"style": "full"}), "fused_captions", GOOD, Cause.PROMPT, "style"
    ),
    "params": Case(lambda w: w.params("tags", min_score=0.15), "tags", GOOD, Cause.SETTINGS, "min_score: 0.1 → 0.15"),
    "release settings": Case(
        lambda w: w.params("filtered_dataset", min_words=5), "filtered_dataset", ALL, Cause.SETTINGS, "min_words: 4 → 5"
    ),
    "gate": Case(lambda w: w.gate(min_speech_score=0.95), "stems", 0, Cause.GATE, settled=SPOKEN),
    "deleted table": Case(_delete, "tags", CLIPS, Cause.NO_TABLE, settled=BROKEN),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_stage_that_changes_is_told_exactly(world: World, case: Case) -> None:
    case.change(world)
    world.record()
    told = world.forecast()
    done = world.run()
    names = list(STAGES)
    for name in names[: names.index(case.stage)]:
        assert not told.stages[name].rows.touched
    rows = told.stages[case.stage].rows
    assert (rows.computed, rows.settled) == ((case.computed,) * 2, case.settled)
    assert (done[case.stage].computed, done[case.stage].settled) == (case.computed, case.settled)
    assert rows.why == {case.cause: case.computed + case.settled}
    assert case.told in " ".join(difference.text for difference in rows.differences)
    check(told, done)
    assert not any(stage.rows.touched for stage in world.forecast().stages.values())


def test_a_lake_that_never_ran_is_all_new(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ingest(CLIPS, BROKEN)
    told = world.forecast()
    assert told.stages["raw_clips"].rows.why == {Cause.NEW_CLIP: CLIPS + BROKEN}
    for name, stage in told.stages.items():
        if name != "raw_clips":
            assert stage.rows.computed == (0, CLIPS + BROKEN)
            assert stage.rows.maybe == {Cause.NEW_CLIP: CLIPS + BROKEN}
    assert told.seconds.expected is None
    assert told.unknown == list(STAGES)
    check(told, world.run())


def test_a_clip_in_doubt_is_counted_by_clip_and_not_by_shard(world: World) -> None:
    """A new recogniser concerns the clips in which somebody speaks; the words of others do not change."""
    world.model("transcripts", "recognizer", Words, mishears=1)
    world.record()
    told = world.forecast()
    assert told.stages["fused_captions"].rows.computed == (0, SPOKEN)
    assert told.stages["filtered_dataset"].rows.computed == (0, ALL), "its rows depend on each other"
    assert not told.stages["stems"].rows.touched
    check(told, world.run())


def test_what_both_changes_in_itself_and_is_in_doubt_has_both_bounds(world: World) -> None:
    world.model("transcripts", "recognizer", Words, mishears=1)
    world.params("fused_captions", prompt={"style": "full"})
    world.record()
    told = world.forecast()
    rows = told.stages["fused_captions"].rows
    assert rows.computed == (GOOD - SPOKEN, GOOD)
    assert rows.why == {Cause.PROMPT: GOOD - SPOKEN}
    assert rows.maybe == {Cause.PROMPT: SPOKEN}
    done = world.run()
    check(told, done)
    assert done["fused_captions"].computed == GOOD


def test_failures_that_pass_are_tried_again(world: World) -> None:
    world.model("transcripts", "recognizer", Words, word="hi", stumbles=1)
    world.record()
    world.run()
    stumbled = world.forecast().stages["transcripts"].rows
    assert stumbled.why == {Cause.AGAIN: 4}
    assert stumbled.computed == (4, 4)
    for stumbles in (1, -1):
        world.model("transcripts", "recognizer", Words, word="hi", stumbles=stumbles)
        world.record()
        told = world.forecast()
        check(told, world.run())


def test_new_labels_reach_the_captions_without_anything_decoded_anew(world: World, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("file,labels\n1.wav,Bark\n")
    from fusionaudio_assets.ingest import collect
    from fusionaudio_assets.shards import add_clips

    added = add_clips(world.workspace.lake, collect(world.root / "media-1", labels).rows)
    assert added.updated == [SECOND]
    told = world.forecast()
    assert told.stages["raw_clips"].rows.computed == (0, 0)
    assert told.stages["fused_captions"].rows.computed[1] >= 1
    done = world.run()
    assert done["fused_captions"].computed == 1
    check(told, done)


def test_batches_that_a_dead_run_finished_are_not_counted_twice(world: World) -> None:
    world.params("fused_captions", prompt={"style": "full"})
    world.tree["stages"]["fused_captions"]["batch_size"] = 3
    world.record()
    stage, workspace = STAGES["fused_captions"], world.workspace

    def dies(name: str, shard: str, done: int, todo: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    token = progress_listener.set(dies)
    with pytest.raises(KeyboardInterrupt):
        run_shard(stage, FIRST, workspace.lake, workspace.stage_profile(stage))
    progress_listener.reset(token)
    told = world.forecast()
    rows = told.stages["fused_captions"].rows
    assert rows.resumed == 6
    assert rows.computed == (GOOD - 6, GOOD - 6)
    check(told, world.run())


def test_a_new_version_of_a_stage_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STAGES, "sound_captions", replace(STAGES["sound_captions"], version="99"))
    told = world.forecast()
    rows = told.stages["sound_captions"].rows
    assert set(rows.why) == {Cause.CODE}
    assert "version: 1 → 99" in [difference.text for difference in rows.differences]
    check(told, world.run())


def test_a_table_that_tells_nothing_is_not_guessed_at(world: World) -> None:
    lake = world.workspace.lake
    for shard in (FIRST, SECOND):
        lake.write_table("tags", shard, lake.read_frame(f"tags/{shard}.parquet"))
    world.params("tags", min_score=0.2)
    world.record()
    assert world.forecast().stages["tags"].rows.why == {Cause.UNKNOWN: GOOD}


def test_stages_that_are_not_chosen_hold_back_those_below(world: World) -> None:
    lake = world.workspace.lake
    lake.delete(f"stems/{FIRST}.parquet")
    told = world.forecast(select=["transcripts"])
    assert list(told.stages) == ["transcripts"]
    assert told.refused == {FIRST: f"transcripts of shard {FIRST} will be refused: stems is not made."}
    assert told.stages["transcripts"].tables == 1
    told = world.forecast(select=["transcripts", "stems"], shards=[FIRST])
    assert not told.refused
    assert told.stages["transcripts"].rows.computed[0] == 0


def test_a_table_left_as_it_is_puts_all_below_it_in_doubt(world: World) -> None:
    """Whether stems is out of date is known only when tags are made: then what reads it is refused."""
    world.model("tags", "tagger", Ears, deaf_to=2)
    world.model("transcripts", "recognizer", Words, word="hi")
    world.record()
    told = world.forecast(select=["tags", "transcripts"])
    assert told.stages["tags"].rows.computed == (GOOD, GOOD)
    assert told.stages["transcripts"].rows.computed[0] == 0


def test_rows_that_are_only_judged_anew_compute_nothing_and_are_told_to_those_below(world: World) -> None:
    world.gate(min_avg_logprob=-0.01)
    world.record()
    told = world.forecast()
    assert told.stages["transcripts"].rows.computed == (0, 0)
    assert told.stages["transcripts"].tables == 2
    assert told.stages["fused_captions"].rows.computed[1] >= SPOKEN
    done = world.run()
    check(told, done)
    assert done["transcripts"].computed == 0
    assert done["fused_captions"].computed == SPOKEN


def test_nothing_is_written(world: World) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (world.root / "lake").rglob("*")}

    world.params("tags", min_score=0.2)
    world.record()
    before = files()
    world.forecast()
    assert files() == before


CHANGES: dict[str, Callable[[World, int], Any]] = {
    "clips": lambda w, n: w.ingest(1 + n, n % 2),
    "ears": lambda w, n: w.model("tags", "tagger", Ears, deaf_to=n),
    "words": lambda w, n: w.model("transcripts", "recognizer", Words, mishears=n),
    "stumbling": lambda w, n: w.model("transcripts", "recognizer", Words, stumbles=n),
    "tags": lambda w, n: w.params("tags", min_score=0.1 + n / 100),
    "prompt": lambda w, n: w.params("fused_captions", prompt={"style": ("full", "small")[n % 2]}),
    "filter": lambda w, n: w.params("filtered_dataset", min_words=3 + n),
    "gate": lambda w, n: w.gate(min_speech_score=(0.2, 0.95)[n % 2], min_event_score=(0.45, 0.75)[n // 2 % 2]),
    "loss": lambda w, n: w.workspace.lake.delete(f"{list(STAGES)[2 * n]}/{FIRST}.parquet"),
}


@examples(8)
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 4)), min_size=1, max_size=4))
def test_whatever_changes_the_run_stays_within_the_bounds(
    captioned: World, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    world = copied(captioned, tmp_path_factory.mktemp("steps"))
    for index, (change, number) in enumerate(steps):
        CHANGES[change](world, number)
        world.record()
        if index % 2 == 0 or index == len(steps) - 1:  # sometimes two changes at once
            told = world.forecast()
            check(told, world.run())
