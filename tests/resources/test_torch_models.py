"""What the adapters on torch do where there is no torch."""

import importlib.metadata
import sys

import pytest
from pydantic import ValidationError

from resources.adapter import Adapter
from resources.errors import ModelUnavailable
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.clip_interrogator import ClipInterrogator
from resources.torch_models.demucs import Demucs

COMMIT = "0" * 40


ADAPTERS: list[Adapter] = [
    Demucs(),
    AudioSpectrogramTransformer(model="someone/ast", hub_revision=COMMIT),
    Clap(model="someone/clap", hub_revision=COMMIT),
    ClipInterrogator(model="someone/blip", hub_revision=COMMIT, clip_model="someone/clip", clip_revision=COMMIT),
]
COMMITS = [
    (Demucs, {"repository": "someone/demucs"}, "hub_revision"),
    (AudioSpectrogramTransformer, {"model": "someone/ast"}, "hub_revision"),
    (Clap, {"model": "someone/clap"}, "hub_revision"),
    (ClipInterrogator, {"model": "someone/blip", "clip_model": "someone/clip"}, "hub_revision"),
    (ClipInterrogator, {"model": "someone/blip", "clip_model": "someone/clip"}, "clip_revision"),
]


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: type(adapter).__name__)
def test_without_the_extra_an_adapter_says_what_to_install(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "transformers", "demucs"):
        monkeypatch.setitem(sys.modules, package, None)

    def not_found(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", not_found)
    with pytest.raises(ModelUnavailable, match=r"pip install 'fusionaudio\[gpu\]'"):
        adapter.load()
    with pytest.raises(ModelUnavailable, match=r"needs \w+, which is not installed.*pip install 'fusionaudio\[gpu\]'"):
        _ = adapter.library_versions


@pytest.mark.parametrize(("kind", "settings", "name"), COMMITS, ids=lambda value: getattr(value, "__name__", None))
def test_only_a_commit_pins_a_checkpoint(kind: type[Adapter], settings: dict[str, str], name: str) -> None:
    assert COMMIT in kind.model_validate(settings | {name: COMMIT}).model_dump().values()
    for moves in ("main", COMMIT[:12], COMMIT.replace("0", "g")):
        with pytest.raises(ValidationError, match=rf"(?s){name}.*branches and tags move"):
            kind.model_validate(settings | {name: moves})
