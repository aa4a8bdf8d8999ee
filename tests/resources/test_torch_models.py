"""What the adapters on torch do where there is no torch, and how a batch that does not fit is halved."""

import importlib.metadata
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.adapter import Adapter
from resources.errors import ModelUnavailable
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.demucs import Demucs
from resources.torch_models.device import Batches

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


@given(count=st.integers(0, 40), size=st.integers(1, 40), fitting=st.integers(1, 40))
def test_items_come_back_once_and_in_order_whatever_fits(count: int, size: int, fitting: int) -> None:
    done: list[int] = []

    def compute(batch: Sequence[int]) -> list[int]:
        if len(batch) > fitting:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        done.extend(batch)
        return [-item for item in batch]

    batches = Batches(size)
    assert batches.compute(compute, range(count)) == [-item for item in range(count)]
    assert done == list(range(count))
    assert 1 <= batches.size <= size


def test_other_errors_and_a_single_item_that_does_not_fit_are_raised() -> None:
    def fails(batch: object) -> list[int]:
        raise RuntimeError("shapes do not fit")

    def never_fits(batch: object) -> list[int]:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(4).compute(fails, [1, 2])
    with pytest.raises(RuntimeError, match="allocate"):
        Batches(4).compute(never_fits, [1, 2, 3, 4, 5])
