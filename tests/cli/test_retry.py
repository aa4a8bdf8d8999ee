"""`retry`, on the real path through Dagster."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fusionaudio_assets.cli import retry
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ledger import query
from fusionaudio_assets.run import Summary
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.decoder import MediaDecoder
from resources.errors import ClipError
from resources.lake import Lake
from resources.recognizer import Transcript
from tests import doubles
from tests.cli.conftest import Terminal
from tests.cli.tones import ingested, write_tone
from tests.lakes import broken_row, clip_row, make_lake, write_shard

ODD_S = 0.75
"""Length of the clip that the recogniser cannot stand."""


class Calls:
    """What was asked of the models: clips decoded, clips transcribed, prompts."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.decoded: list[str] = []
        self.heard_s: list[float] = []
        self.prompts = 0
        self.is_mended = False
        decode, transcribe, chat = MediaDecoder.decode, doubles.Hello.transcribe, doubles.Chat.chat

        def decoded(decoder: MediaDecoder, requests: Sequence[Any]) -> Any:
            self.decoded += [request.path.name for request in requests]
            return decode(decoder, requests)

        def transcribed(recognizer: doubles.Hello, clips: Sequence[Any]) -> list[Transcript]:
            if not self.is_mended and any(clip.size == ODD_S * 16_000 for clip in clips):
                raise ClipError("malformed_answer", "it stutters")
            self.heard_s += [clip.size / 16_000 for clip in clips]
            return transcribe(recognizer, clips)

        def asked(model: doubles.Chat, requests: Sequence[Any]) -> Any:
            self.prompts += len(requests)
            return chat(model, requests)

        patch.setattr(MediaDecoder, "decode", decoded)
        patch.setattr(doubles.Hello, "transcribe", transcribed)
        patch.setattr(doubles.Chat, "chat", asked)

    def forget(self) -> None:
        self.decoded, self.heard_s, self.prompts = [], [], 0


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def calls(patch: pytest.MonkeyPatch) -> Calls:
    return Calls(patch)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, calls: Calls) -> Iterator[Lake]:
    """A finished lake of three tones and a text, which failed in raw_clips; one of the tones failed in transcripts."""
    root = tmp_path_factory.mktemp("retry")
    (root / "media").mkdir()
    for number, seconds in enumerate([0.5, ODD_S, 1.0]):
        write_tone(root / "media", f"tone {number}.wav", seconds, 200 + 100 * number)
    (root / "media" / "no tone.wav").write_text("Nothing to hear.")
    lake = ingested(root, root / "media")
    yield lake
    close_all_but([])


# In the order in which they stand: each goes on from what the one before left.


def test_failed_clips_are_counted_without_running_anything(terminal: Terminal, lake: Lake, calls: Calls) -> None:
    assert terminal("run", "--lake", lake.uri).exit_code == 0
    calls.forget()
    before = query(lake, "SELECT * FROM ledger ORDER BY ALL")
    result = terminal("retry", "--dry-run", "--lake", lake.uri)
    assert result.exit_code == 0, result.stderr
    assert [line.split() for line in result.stdout.splitlines()[1:]] == [
        ["raw_clips", "unknown_format", "1", "1"],
        ["transcripts", "malformed_answer", "1", "1"],
    ]
    assert query(lake, "SELECT * FROM ledger ORDER BY ALL").equals(before)
    assert (calls.decoded, calls.heard_s, calls.prompts) == ([], [], 0)


def test_failures_for_good_are_not_tried_by_a_run(terminal: Terminal, lake: Lake, calls: Calls) -> None:
    result = terminal("run", "--lake", lake.uri)
    assert result.exit_code == 0
    assert "Tables made: 0" in result.stderr
    assert calls.decoded == []


def test_only_matching_clips_and_what_follows_are_computed(terminal: Terminal, lake: Lake, calls: Calls) -> None:
    calls.is_mended = True
    before = {stage: lake.content_of(stage, "shard-000001") for stage in STAGES}
    result = terminal("retry", "--stage", "transcripts", "--reason", "malformed_answer", "--lake", lake.uri)
    assert result.exit_code == 0, result.stderr
    assert calls.heard_s == [ODD_S]
    assert calls.decoded == []
    assert calls.prompts > 0
    assert query(lake, "SELECT reason FROM ledger WHERE status = 'failed'")["reason"].to_list() == ["unknown_format"]
    changed = {stage for stage in STAGES if lake.content_of(stage, "shard-000001") != before[stage]}
    assert {"transcripts", "fused_captions"} <= changed
    assert changed <= {"transcripts", "fused_captions", "caption_scores", "qa_pairs", "filtered_dataset"}
    assert not lake.has_file(".work/retry")


def test_a_clip_that_fails_again_is_finished(terminal: Terminal, lake: Lake, calls: Calls) -> None:
    calls.forget()
    result = terminal("retry", "--reason", "unknown_format", "--lake", lake.uri)
    assert result.exit_code == 0, result.stderr
    assert calls.decoded == ["no tone.wav"]
    assert calls.heard_s == []
    assert "Tables made: 1; " in result.stderr


def test_a_run_makes_tables_of_another_version_anew(terminal: Terminal, lake: Lake) -> None:
    """Those and no others, since the same comes out."""
    changed: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "tags": lambda frame: frame.drop("speech_s"),
        "caption_scores": lambda frame: frame.with_columns(mood=pl.lit("calm")),
        "qa_pairs": lambda frame: frame.with_columns(num_pairs=pl.lit("three")),
    }
    before = {asset: lake.read_frame(f"{asset}/shard-000001.parquet") for asset in changed}
    for asset, change in changed.items():
        lake.write_table(asset, "shard-000001", change(before[asset]))
    result = terminal("run", "--lake", lake.uri)
    assert result.exit_code == 0, result.stderr
    assert "Tables made: 3; " in result.stderr
    for asset, frame in before.items():
        assert lake.read_frame(f"{asset}/shard-000001.parquet").equals(frame), asset


# What is refused ----------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(tmp_path: Path) -> Lake:
    return make_lake(tmp_path / "lake", [[clip_row(1), broken_row(2, "corrupt"), broken_row(3)], [clip_row(4)]])


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--stage", "tag", "There is no stage 'tag'. There are: raw_clips, tags"),
        ("--reason", "rust", "There is no reason 'rust'. There are: corrupt, truncated, missing, changed"),
        ("--shard", "shard-9", "There is no shard 'shard-9'. There are: shard-000001, shard-000002."),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    terminal: Terminal, broken: Lake, option: str, value: str, told: str
) -> None:
    result = terminal("retry", option, value, "--lake", broken.uri)
    assert result.exit_code == 1
    assert told in result.stderr
    assert not result.stdout


@pytest.mark.parametrize(
    "options", [["--reason", "timeout"], ["--stage", "tags"], ["--shard", "shard-000002"]], ids=" ".join
)
def test_nothing_to_try_again_is_no_failure(terminal: Terminal, broken: Lake, options: list[str]) -> None:
    result = terminal("retry", *options, "--lake", broken.uri)
    assert result.exit_code == 0
    assert "No failed clip matches" in result.stderr
    assert not (Path(broken.root) / ".dagster").exists(), "nothing was started"


def test_shards_and_reasons_narrow_it_down(terminal: Terminal, broken: Lake) -> None:
    rows = [
        terminal("retry", "--dry-run", *options, "--lake", broken.uri).stdout.splitlines()[1:]
        for options in ([], ["--reason", "corrupt"], ["--shard", "shard-000001", "--stage", "raw_clips"])
    ]
    assert [len(lines) for lines in rows] == [2, 1, 2]


def test_a_retry_that_was_stopped_is_finished_by_the_next(
    terminal: Terminal, broken: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the clips themselves are mended nothing matches any more, and still what follows is to be made anew."""
    runs: list[dict[str, Any]] = []

    def stopped(workspace: Workspace, **options: Any) -> Summary:
        runs.append(options)
        write_shard(workspace.lake, "shard-000001", [clip_row(1), clip_row(2), broken_row(3)])
        raise KeyboardInterrupt

    def finished(workspace: Workspace, **options: Any) -> Summary:
        runs.append(options)
        return Summary()

    command = ("retry", "--reason", "corrupt", "--lake", broken.uri)
    monkeypatch.setattr(retry, "run_lake", stopped)
    assert terminal(*command).exit_code == 130
    monkeypatch.setattr(retry, "run_lake", finished)
    resumed = terminal(*command)
    assert resumed.exit_code == 0
    assert "No failed clip matches" in resumed.stderr
    assert "A retry was stopped" in resumed.stderr
    assert terminal(*command).exit_code == 0
    shards = {"shards": ["shard-000001"], "select": None}
    assert runs == [shards | {"retry": {"raw_clips": {"corrupt"}}}, shards | {"retry": {}}]


def test_a_retry_that_could_not_finish_is_exit_code_1(
    terminal: Terminal, broken: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [("tags", "shard-000001", "odd")]
    monkeypatch.setattr(retry, "run_lake", lambda workspace, **options: Summary(failures=failures))
    assert terminal("retry", "--lake", broken.uri).exit_code == 1
