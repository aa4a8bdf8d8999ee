"""CLAP through transformers' real loading code, on a small network with random weights."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import ClapFeatureExtractor

from resources.similarity import CaptionedClip, SimilarityScorer
from resources.torch_models.clap import Clap
from resources.warm import kept_warm
from tests.contracts.test_similarity import ScorerContract
from tests.gpu.checkpoints import noise, out_of_memory_above, write_clap

Input = TypeVar("Input")
RATE = Clap.sample_rate_hz


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap") / "small-clap"
    write_clap(folder)
    return folder


@pytest.fixture
def clap(checkpoint: Path) -> Clap:
    return Clap(model=str(checkpoint), device="cpu")


class TestClap(ScorerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def scorer(cls, checkpoint: Path) -> SimilarityScorer:
        return Clap(model=str(checkpoint), device="cpu")


class TestWarmClap(ScorerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def scorer(cls, checkpoint: Path) -> Iterator[SimilarityScorer]:
        # The path of a socket may have a hundred characters: pytest's own folders are too deep.
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="fa-") as folder:
            patch.setenv("XDG_RUNTIME_DIR", folder)
            scorer = kept_warm(Clap(model=str(checkpoint), device="cpu"), 1)
            yield scorer
            assert scorer.figures == {"batch_size": 8}
            scorer.close()


def test_scores_are_cosines_of_what_the_library_gives(clap: Clap) -> None:
    clip, caption = noise(10 * RATE), "A dog barks."
    (score,) = clap.score([CaptionedClip(caption, audio=clip)])
    with torch.inference_mode():
        outputs = clap._network(
            **clap._tokenizer(caption, return_tensors="pt"),
            **ClapFeatureExtractor.from_pretrained(clap.model)(clip, sampling_rate=RATE, return_tensors="pt"),
        )
    cosine = torch.cosine_similarity(outputs.audio_embeds, outputs.text_embeds).item()
    assert score == pytest.approx(cosine, abs=1e-5)


@pytest.mark.parametrize("fused", [False, True])
def test_vectors_are_of_length_one_and_do_not_depend_on_their_neighbours(tmp_path: Path, fused: bool) -> None:
    write_clap(tmp_path, fused=fused)
    clap = Clap(model=str(tmp_path), device="cpu")
    clips = [noise(samples, seed=samples) for samples in (1, RATE // 3, 4 * RATE, 10 * RATE, 23 * RATE)]
    texts = ["", "Rain.", "A dog barks while it rains."]
    check_vectors(clap.embed_audio, clips)
    check_vectors(clap.embed_text, texts)


def check_vectors(embed: Callable[[Sequence[Input]], NDArray[np.float32]], inputs: Sequence[Input]) -> None:
    together = embed(inputs)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([embed([one]) for one in inputs]), atol=1e-5)
    assert len(np.unique(together.round(4), axis=0)) == len(inputs)
    assert embed([]).shape == (0, 32)


def test_long_sound_is_heard_to_its_end_and_the_same_every_time(clap: Clap) -> None:
    clip = noise(14 * RATE)
    first, again = clap.embed_audio([clip]), clap.embed_audio([clip])
    np.testing.assert_array_equal(first, again)
    beginning, end = clap.embed_audio([clip[: 10 * RATE], clip[-10 * RATE :]])
    mean = (beginning + end) / np.linalg.norm(beginning + end)
    np.testing.assert_allclose(first[0], mean, atol=1e-5)


def test_a_caption_beyond_the_limit_is_cut_and_said(clap: Clap, caplog: pytest.LogCaptureFixture) -> None:
    assert clap.max_tokens == 38
    fits, longer = "a" * 36, "a" * 37  # every byte is a token, and each end has one
    with caplog.at_level(logging.WARNING):
        clap.embed_text([fits])
        assert caplog.messages == []
        clap.embed_text([longer, fits])
    assert caplog.messages == [
        "1 of 2 captions are longer than the 38 tokens that small-clap reads: they are scored by their beginning."
    ]
    np.testing.assert_allclose(clap.embed_text([longer]), clap.embed_text([fits]), atol=1e-6)


def num_inputs(**inputs: torch.Tensor) -> int:
    return len(next(iter(inputs.values())))


def test_a_batch_that_does_not_fit_is_halved_and_loses_nothing(clap: Clap, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [CaptionedClip("Rain " * seed, audio=noise(RATE, seed=seed)) for seed in range(5)]
    expected = clap.score(clips)
    for name in ("get_audio_features", "get_text_features"):
        monkeypatch.setattr(clap._network, name, out_of_memory_above(2, getattr(clap._network, name), num_inputs))
    assert clap.score(clips) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("samples", [1, 700, 3 * RATE + 7, 10 * RATE])
def test_features_are_those_of_the_extractor(tmp_path: Path, fused: bool, samples: int) -> None:
    write_clap(tmp_path, fused=fused)
    clap = Clap(model=str(tmp_path), device="cpu")
    clip = noise(samples)
    clip[samples // 2 :] *= 1e-6  # down to the floor
    (found,) = clap._cut(clip)
    expected = ClapFeatureExtractor.from_pretrained(tmp_path)(clip, sampling_rate=RATE, return_tensors="pt")
    assert set(found) == set(expected)
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, atol=1e-4, rtol=0)


def test_features_are_extracted_ahead(clap: Clap) -> None:
    clips = [noise(2 * RATE, seed=seed) for seed in range(3)]
    expected = clap.embed_audio(clips)
    for clip in clips:
        clap.ahead(clip)
    clap._pieces._extract = None  # type: ignore[assignment]
    np.testing.assert_array_equal(clap.embed_audio(clips), expected)


def test_a_clip_without_audio_is_a_mistake_of_the_caller(clap: Clap) -> None:
    with pytest.raises(ValueError, match="without"):
        clap.score([CaptionedClip("Rain.")])
