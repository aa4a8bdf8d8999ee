"""Demucs through its real loading code, on small networks with random weights."""

import os
import pickle
from pathlib import Path
from typing import Any

import demucs.api
import numpy as np
import pytest
import torch
from demucs.htdemucs import HTDemucs
from pydantic import ValidationError

from resources.errors import ModelUnavailable, OutOfMemory, SettingError, WeightsMissing
from resources.separator import Separator
from resources.torch_models.demucs import Demucs
from tests.contracts.test_separators import SeparatorContract
from tests.gpu.checkpoints import (
    SEGMENT_S,
    SOURCES,
    noise,
    out_of_memory_above,
    write_bag,
    write_demucs,
    write_safe_demucs,
)
from tests.hub_server import serving_hub, use_hub

RATE = Demucs.sample_rate_hz
COMMIT = "d4" * 20
FINE_TUNED = [[float(source == network) for source in range(4)] for network in range(4)]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four networks, a bag in which each has a source of its own, and one that weighs two of them."""
    folder = tmp_path_factory.mktemp("demucs")
    for seed, source in enumerate(SOURCES):
        write_demucs(folder, f"net{source}", seed)
    write_bag(folder, "tuned", [f"net{source}" for source in SOURCES], FINE_TUNED)
    write_bag(folder, "mean", ["netdrums", "netvocals"])
    return folder


class TestDemucs(SeparatorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def separator(cls, repository: Path) -> Separator:
        return Demucs(model="tuned", repository=str(repository), device="cpu")


@pytest.mark.parametrize("model", ["netvocals", "mean", "tuned"])
def test_vocals_are_those_of_the_library(repository: Path, model: str) -> None:
    mixture = noise(2 * SEGMENT_S * RATE, channels=2)
    mixture -= mixture.mean()
    library = demucs.api.Separator(model, repo=repository, device="cpu", shifts=0, split=True, overlap=0.25)
    _, stems = library.separate_tensor(torch.from_numpy(mixture.copy()))
    (vocals,) = Demucs(model=model, repository=str(repository), device="cpu").separate([mixture])
    np.testing.assert_allclose(vocals, stems["vocals"].numpy(), atol=1e-5)
    assert np.abs(vocals).max() > 1e-3


def test_only_the_network_of_the_vocals_runs(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = set()

    def noted(network: Any, mixtures: torch.Tensor) -> Any:
        ran.add(id(network))
        return forward(network, mixtures)

    forward = HTDemucs.forward
    monkeypatch.setattr(HTDemucs, "forward", noted)
    separator = Demucs(model="tuned", repository=str(repository), device="cpu")
    separator.separate([noise(RATE, channels=2)])
    assert len(ran) == 1


def num_mixtures(network: Any, mixtures: torch.Tensor) -> int:
    return len(mixtures)


def test_a_batch_that_does_not_fit_is_halved_and_loses_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixtures = [noise(RATE, channels=2, seed=seed) for seed in range(7)]
    separator = Demucs(model="netvocals", repository=str(repository), device="cpu", batch_size=7)
    expected = separator.separate(mixtures)
    forward = HTDemucs.forward
    monkeypatch.setattr(HTDemucs, "forward", out_of_memory_above(2, forward, num_mixtures))
    found = separator.separate(mixtures)
    assert len(found) == len(mixtures)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    monkeypatch.setattr(HTDemucs, "forward", out_of_memory_above(0, forward, num_mixtures))
    with pytest.raises(OutOfMemory, match="one input alone: CUDA out of memory"):
        separator.separate(mixtures)


def test_shifts_are_the_same_every_time(repository: Path) -> None:
    separator = Demucs(model="netvocals", repository=str(repository), device="cpu", shifts=1)
    mixtures = [noise(RATE, channels=2, seed=seed) for seed in range(3)]
    first, second = separator.separate(mixtures), separator.separate(mixtures[2:])
    np.testing.assert_allclose(first[2], second[0], atol=1e-5)


def test_half_precision_comes_near(repository: Path) -> None:
    mixture = noise(RATE, channels=2)
    whole, half = (
        Demucs(model="netvocals", repository=str(repository), device="cpu", precision=precision).separate([mixture])[0]
        for precision in ("float32", "bfloat16")
    )
    assert 0 < np.abs(whole - half).max() < 0.2 * np.abs(whole).max()


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_a_gpu_that_is_not_there_is_said(repository: Path) -> None:
    with pytest.raises(SettingError, match=r"device is 'cuda'.*'auto' or 'cpu'"):
        Demucs(model="netvocals", repository=str(repository), device="cuda").load()


def test_the_revision_is_that_of_the_weights(repository: Path, tmp_path: Path) -> None:
    write_demucs(tmp_path, "netvocals", seed=9)
    ours, other = (Demucs(model="netvocals", repository=str(folder)) for folder in (repository, tmp_path))
    assert ours.revision != other.revision
    assert Demucs(model="htdemucs").revision == "955717e8-8726e21a"
    assert len(Demucs(model="htdemucs_ft").revision.split(",")) == 4


def test_a_published_model_that_was_not_downloaded_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"955717e8-8726e21a.th is missing.*`fusionaudio models fetch`"):
        Demucs(model="htdemucs", device="cpu").load()


class Harmful:
    """Its pickle makes a folder when it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_bad_checkpoints_are_refused_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "garbage.th").write_bytes(b"no checkpoint at all")
    torch.save({"klass": "HTDemucs", "state": {}}, tmp_path / "other.th")
    with (tmp_path / "harmful.th").open("wb") as stream:
        pickle.dump(Harmful(tmp_path / "made"), stream, protocol=2)
    torch.save({"klass": Harmful(tmp_path / "made")}, tmp_path / "zipped.th")
    write_demucs(tmp_path, "named-00000000")
    write_demucs(tmp_path, "slow", samplerate=16_000)
    write_bag(tmp_path, "lacking", ["nowhere"])
    write_demucs(tmp_path, "good")
    write_bag(tmp_path, "mute", ["good"], [[1.0, 1.0, 1.0, 0.0]])
    says = {
        "garbage": "read safely",
        "other": "not a checkpoint of Demucs",
        "harmful": "read safely",
        "zipped": "read safely",
        "named": "is damaged",
        "slow": "44100 Hz",
        "lacking": "no checkpoint",
        "mute": "No network of mute counts for the vocals",
        "unheard": r"`model` = 'unheard': .* holds no such model.*There are: .*garbage",
    }
    for model, message in says.items():
        with pytest.raises(ModelUnavailable, match=message):
            Demucs(model=model, repository=str(tmp_path), device="cpu").load()
    assert not (tmp_path / "made").exists()
    with pytest.raises(ModelUnavailable, match=r"`repository` = .*no such folder"):
        Demucs(repository=str(tmp_path / "away")).load()


def test_a_model_of_the_hub_gives_what_its_older_checkpoint_gives(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "remote").mkdir()
    for seed, source in enumerate(SOURCES):
        write_safe_demucs(tmp_path / "remote", f"net{source}", seed)
    write_bag(tmp_path / "remote", "tuned", [f"net{source}" for source in SOURCES], FINE_TUNED)
    with serving_hub({("someone/demucs", COMMIT): tmp_path / "remote"}) as hub:
        use_hub(monkeypatch, hub.url, tmp_path / "cache")
        safe = Demucs(model="tuned", repository="someone/demucs", hub_revision=COMMIT, device="cpu")
        with pytest.raises(WeightsMissing, match=r"`repository`, `hub_revision`.*`fusionaudio models fetch`"):
            safe.check_ready()
        for checkpoint in safe.checkpoints:
            checkpoint.fetch()
    assert safe.revision == COMMIT
    mixture = noise(RATE, channels=2)
    (expected,) = Demucs(model="tuned", repository=str(repository), device="cpu").separate([mixture])
    (found,) = safe.separate([mixture])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(ValidationError, match="branches and tags move"):
        Demucs(repository="someone/demucs", hub_revision="main")


def test_safetensors_that_are_none_of_demucs_are_refused(tmp_path: Path) -> None:
    write_safe_demucs(tmp_path, "foreign", klass="os.system")
    write_safe_demucs(tmp_path, "packed", structure="{}")
    write_safe_demucs(tmp_path, "unfit", kwargs='{"no_such_argument": 1}')
    (tmp_path / "garbage.safetensors").write_bytes(b"no checkpoint at all")
    for model in ("foreign", "packed", "unfit", "garbage"):
        with pytest.raises(ModelUnavailable, match=f"{model}.safetensors"):
            Demucs(model=model, repository=str(tmp_path), device="cpu").load()
