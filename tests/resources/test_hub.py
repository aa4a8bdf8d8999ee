"""Fetching from a hub by the real client, and reading what was fetched: never more, never damaged, never another."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from resources.errors import ModelUnavailable, WeightsMissing
from resources.hub import CTRANSLATE2, Checkpoint, Commit
from resources.whisper import FasterWhisper
from tests.hub_server import TOKEN, Hub, serving_hub, use_hub

NAME, COMMIT = "someone/model", "a1" * 20
OTHER_COMMIT = "b2" * 20
WEIGHTS = bytes(range(256)) * 100


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("config.json", "tokenizer.json", "README.md", "run.py"):
        (repository / name).write_text(f"{{}} {name}")
    for name in ("model.safetensors", "pytorch_model.bin", "model.bin", "weights.th"):
        (repository / name).write_bytes(name.encode() + WEIGHTS)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_text("{}")
    with serving_hub({(NAME, COMMIT): repository, (NAME, OTHER_COMMIT): bare}) as hub:
        use_hub(monkeypatch, hub.url, tmp_path / "cache")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


@pytest.fixture
def checkpoint(hub: Hub) -> Checkpoint:
    return Checkpoint(NAME, COMMIT)


def test_only_what_is_read_is_fetched_and_no_pickle(checkpoint: Checkpoint, hub: Hub) -> None:
    wanted = {"config.json", "tokenizer.json", "model.safetensors"}
    download_bytes = checkpoint.download_bytes()
    folder = checkpoint.fetch()
    assert {path.name for path in folder.iterdir()} == wanted
    assert download_bytes == checkpoint.size_bytes() == sum(path.stat().st_size for path in folder.iterdir())
    assert not any(name in path for path in hub.asked for name in ("pytorch_model.bin", "weights.th", "run.py"))
    assert {path.name for path in Checkpoint(NAME, COMMIT, CTRANSLATE2).fetch().iterdir()} == wanted | {"model.bin"}


def test_what_was_fetched_is_read_without_asking_anybody(checkpoint: Checkpoint, hub: Hub) -> None:
    folder = checkpoint.fetch()
    hub.asked.clear()
    assert checkpoint.download_bytes() == 0
    assert checkpoint.folder() == checkpoint.located() == folder
    assert (folder / "model.safetensors").read_bytes() == b"model.safetensors" + WEIGHTS
    assert hub.asked == []


def test_reading_never_downloads_and_says_how_to_fetch(checkpoint: Checkpoint, hub: Hub) -> None:
    for read in (checkpoint.folder, checkpoint.located, checkpoint.size_bytes):
        with pytest.raises(WeightsMissing, match=r"`model`.*is not on this machine.*`fusionaudio models fetch`"):
            read()
    assert hub.asked == []


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_found_whether_it_came_so_or_became_so(checkpoint: Checkpoint, hub: Hub, name: str) -> None:
    hub.damaged.add(name)
    with pytest.raises(WeightsMissing, match=rf"{name} is damaged: its hash is \w+, expected \w+\. Delete "):
        checkpoint.fetch()
    hub.damaged.clear()
    (checkpoint.located() / name).resolve().unlink()
    folder = checkpoint.fetch()
    with (folder / name).resolve().open("r+b") as stream:
        stream.write(b"X")
    with pytest.raises(WeightsMissing, match=f"{name} is damaged"):
        checkpoint.folder()


def test_a_download_that_was_cut_short_is_not_taken_for_whole(checkpoint: Checkpoint) -> None:
    folder = checkpoint.fetch()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(WeightsMissing, match="or not all of it"):
        checkpoint.located()
    assert checkpoint.fetch() == folder


@pytest.mark.parametrize(
    ("name", "commit", "message"),
    [
        (NAME, "c3" * 20, r"has no someone/model at c3c3.*Correct `model` or `hub_revision`"),
        ("someone/else", COMMIT, r"has no someone/else at.*Correct `model`"),
        (NAME, OTHER_COMMIT, r"holds no weights of a kind that is read.*another commit as hub_revision"),
        ("no name: at all", COMMIT, r"`model`.*cannot be fetched"),
    ],
)
def test_a_wrong_name_or_commit_is_said_with_its_setting(hub: Hub, name: str, commit: str, message: str) -> None:
    with pytest.raises(WeightsMissing, match=message):
        Checkpoint(name, commit).fetch()


def test_a_hub_that_is_not_there_and_a_licence_that_is_not_accepted_are_said(
    checkpoint: Checkpoint, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated.add(NAME)
    with pytest.raises(WeightsMissing, match=r"accepted its licence.*HF_TOKEN"):
        checkpoint.fetch()
    monkeypatch.setenv("HF_TOKEN", "hf_wrong-token")
    with pytest.raises(WeightsMissing) as refused:
        checkpoint.fetch()
    assert "hf_wrong-token" not in str(refused.value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert checkpoint.fetch()
    use_hub(monkeypatch, "http://127.0.0.1:9", tmp_path / "cache")
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between its attempts
    with pytest.raises(WeightsMissing, match=r"cannot be fetched from http://127.0.0.1:9.*HF_ENDPOINT"):
        Checkpoint("someone/third", COMMIT).fetch()


def test_a_folder_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    checkpoint = Checkpoint(str(tmp_path), "")
    before = checkpoint.revision
    assert checkpoint.folder() == tmp_path
    assert len(before) == 64
    (tmp_path / "notes.md").write_text("changes nothing")
    assert checkpoint.revision == before
    (tmp_path / "config.json").write_text("{}")
    assert checkpoint.revision != before
    with pytest.raises(ModelUnavailable, match=r"`model` = 'no/folder'.*Set hub_revision"):
        _ = Checkpoint("no/folder", "").revision


@pytest.mark.parametrize("revision", ["main", "v1.0", "0123456789abcdef", "G" * 40])
def test_what_may_move_is_no_commit(revision: str) -> None:
    with pytest.raises(ValidationError, match="branches and tags move"):
        TypeAdapter(Commit).validate_python(revision)
    with pytest.raises(ValidationError, match="branches and tags move"):
        FasterWhisper(model="org/name", hub_revision=revision)


def test_a_commit_or_none_is_taken() -> None:
    assert [FasterWhisper(hub_revision=one).hub_revision for one in ("", "0" * 40)] == ["", "0" * 40]
