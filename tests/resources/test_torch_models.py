"""What the adapters on torch do where there is no torch."""

import importlib.metadata
import sys

import pytest

from resources.adapter import Adapter
from resources.errors import ModelUnavailable
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.demucs import Demucs

COMMIT = "0" * 40


ADAPTERS: list[Adapter] = [
    Demucs(),
    AudioSpectrogramTransformer(model="someone/ast", hub_revision=COMMIT),
    Clap(model="someone/clap", hub_revision=COMMIT),
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
