"""AST through transformers' real loading code, on a small network with random weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from transformers import ASTFeatureExtractor, ASTForAudioClassification

from resources.errors import ModelUnavailable, WeightsMissing
from resources.ontology import load_ontology
from resources.tagger import Tagger
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.hub_adapter import stretches
from resources.torch_models.piece_features import PieceFeatures, SpectrogramFeatures
from tests.contracts.test_taggers import TaggerContract
from tests.gpu.checkpoints import noise, out_of_memory_above, write_ast
from tests.properties import examples

RATE = AudioSpectrogramTransformer.sample_rate_hz
COMMIT = "f826b80d28226b62986cc218e5cec390b1096902"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ast") / "small-ast"
    write_ast(folder, load_ontology().names[:20])
    return folder


@pytest.fixture
def tagger(checkpoint: Path) -> AudioSpectrogramTransformer:
    return AudioSpectrogramTransformer(model=str(checkpoint), device="cpu")


class TestAudioSpectrogramTransformer(TaggerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def tagger(cls, checkpoint: Path) -> Tagger:
        return AudioSpectrogramTransformer(model=str(checkpoint), device="cpu")


def test_a_clip_is_heard_as_a_whole_and_over_time(tagger: AudioSpectrogramTransformer) -> None:
    clip = noise(4 * RATE)
    (found,) = tagger.tag([clip])
    extracted = tagger._extractor(clip, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        expected = tagger._network(**extracted).logits.sigmoid().numpy()[0]
    assert found.clip is not None
    np.testing.assert_allclose(found.clip, expected, atol=1e-5)
    assert found.scores.shape == (3, 20)
    (second,) = tagger.tag([clip[RATE : 3 * RATE]])
    assert second.clip is not None
    np.testing.assert_allclose(found.scores[1], second.clip, atol=1e-5)
    assert np.abs(found.scores - found.clip).max() > 1e-3


def test_a_long_clip_scores_as_its_best_stretch(tagger: AudioSpectrogramTransformer) -> None:
    clip = noise(14 * RATE)
    longest = round(tagger.longest_s * RATE)
    whole, first, last = tagger.tag([clip, clip[:longest], clip[-longest:]])
    assert whole.clip is not None
    assert first.clip is not None
    assert last.clip is not None
    np.testing.assert_allclose(whole.clip, np.maximum(first.clip, last.clip), atol=1e-5)


def test_features_are_extracted_ahead(tagger: AudioSpectrogramTransformer) -> None:
    clips = [noise(2 * RATE, seed=seed) for seed in range(3)]
    expected = tagger.tag(clips)
    for clip in clips:
        tagger.ahead(clip)
    tagger._pieces._extract = None  # type: ignore[assignment]
    for one, other in zip(tagger.tag(clips), expected, strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)


@examples(60)
@given(
    samples=st.integers(1, 14 * RATE),
    windows=st.tuples(st.integers(1600, 10 * RATE), st.integers(400, 2 * RATE)),
    level=st.sampled_from([0.5, 1e-6, 0.0]),
    offset=st.sampled_from([0.0, 0.3]),
    normalized=st.booleans(),
)
@example(samples=10 * RATE, windows=(2 * RATE, RATE), level=0.5, offset=0.0, normalized=True)
@example(samples=2 * RATE + 1, windows=(2 * RATE, 2 * RATE), level=0.5, offset=0.3, normalized=True)
def test_frames_that_pieces_share_are_those_of_the_extractor(
    samples: int, windows: tuple[int, int], level: float, offset: float, *, normalized: bool
) -> None:
    length, hop = windows
    extractor = ASTFeatureExtractor(do_normalize=normalized)
    clip = (noise(samples) * np.float32(level) + np.float32(offset)).astype(np.float32)
    cuts = [slice(start, min(start + length, samples)) for start in range(0, max(1, samples - length), hop)]
    pieces = [*stretches(samples, 10 * RATE), *cuts[:20], slice(samples - 1, samples)]
    quick, one_by_one = (kind(extractor, 1600) for kind in (SpectrogramFeatures, PieceFeatures))
    found, expected = (features.stacked(features.of(clip, pieces)) for features in (quick, one_by_one))
    np.testing.assert_allclose(found["input_values"], expected["input_values"], atol=1e-5)


def test_frames_of_a_clip_are_computed_once(
    tagger: AudioSpectrogramTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger.load()
    heard: list[int] = []
    log_mel = SpectrogramFeatures._log_mel

    def noted(self: SpectrogramFeatures, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        heard.append(len(waveform))
        return log_mel(self, waveform)

    monkeypatch.setattr(SpectrogramFeatures, "_log_mel", noted)
    tagger.tag([noise(10 * RATE)])
    assert heard == [10 * RATE + 1600]


def test_another_extractor_is_asked_for_every_piece(
    tagger: AudioSpectrogramTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [noise(3 * RATE), noise(RATE)]
    expected = tagger.tag(clips)
    monkeypatch.setitem(tagger.__dict__, "_features", PieceFeatures(tagger._extractor, 1600))
    for one, other in zip(tagger.tag(clips), expected, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def num_windows(input_values: torch.Tensor) -> int:
    return len(input_values)


def test_a_batch_that_does_not_fit_is_halved_and_loses_nothing(
    tagger: AudioSpectrogramTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [noise(RATE + 1000 * seed, seed=seed) for seed in range(5)]
    expected = tagger.tag(clips)
    limited = out_of_memory_above(1, tagger._network.forward, num_windows)
    monkeypatch.setattr(tagger._network, "forward", limited)
    for one, other in zip(tagger.tag(clips), expected, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_labels_may_be_machine_ids_or_in_another_case(tmp_path: Path) -> None:
    write_ast(tmp_path, ["/m/09x0r", "MUSIC", "Dog"])
    assert AudioSpectrogramTransformer(model=str(tmp_path)).classes == ("Speech", "Music", "Dog")


@pytest.mark.parametrize(
    ("labels", "rate", "message"),
    [
        (["Speech", "LABEL_1", "angry"], 16_000, "of its 3 labels 2 are.*'LABEL_1', 'angry'.*trained on AudioSet"),
        (["Speech", "speech"], 16_000, "some of its 2 labels are the same class"),
        (["Speech", "Music"], 32_000, "32000 Hz; it must be 16000 Hz"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_said(tmp_path: Path, labels: list[str], rate: int, message: str) -> None:
    write_ast(tmp_path, labels, rate)
    with pytest.raises(ModelUnavailable, match=message):
        AudioSpectrogramTransformer(model=str(tmp_path), device="cpu").load()


def test_pickled_weights_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").unlink()
    torch.save(ASTForAudioClassification.from_pretrained(checkpoint).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(WeightsMissing, match="safetensors"):
        AudioSpectrogramTransformer(model=str(tmp_path), device="cpu").load()


def test_weights_that_are_torn_are_said_with_their_setting(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path, dirs_exist_ok=True)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:5000])
    with pytest.raises(WeightsMissing, match=r"`model` = .* cannot be read as AutoModelForAudioClassification"):
        AudioSpectrogramTransformer(model=str(tmp_path), device="cpu").load()


def test_weights_that_are_lacking_are_not_made_up(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(checkpoint, tmp_path, dirs_exist_ok=True)
    state = load_file(tmp_path / "model.safetensors")
    save_file(
        {name: value for name, value in state.items() if not name.startswith("classifier.dense")},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(ModelUnavailable, match=r"lacks 2 weights.*classifier.dense"):
        AudioSpectrogramTransformer(model=str(tmp_path), device="cpu").load()


def test_a_model_of_the_hub_is_pinned_and_found_in_its_cache(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    shutil.copytree(checkpoint, tmp_path / "models--someone--ast" / "snapshots" / COMMIT)
    tagger = AudioSpectrogramTransformer(model="someone/ast", hub_revision=COMMIT, device="cpu")
    tagger.probe()
    assert (tagger.model_name, tagger.revision) == ("ast", COMMIT)
    with pytest.raises(WeightsMissing, match=rf"someone/other at {COMMIT[:12]}.*`fusionaudio models fetch`"):
        AudioSpectrogramTransformer(model="someone/other", hub_revision=COMMIT).load()
    with pytest.raises(ModelUnavailable, match="Set hub_revision"):
        AudioSpectrogramTransformer(model="someone/ast").load()
    with pytest.raises(ValidationError, match="branches and tags move"):
        AudioSpectrogramTransformer(model="someone/ast", hub_revision="main")
