"""CLAP: sound and text in one space, so that a caption is compared with what is heard.

Wu et al., "Large-scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
Augmentation", ICASSP 2023.
"""

import logging
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from resources.embedded.onnx_graph import answering
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.similarity import CaptionedClip, SimilarityScorer
from resources.torch_models.ahead import Ahead
from resources.torch_models.device import imported
from resources.torch_models.hub_adapter import HubAdapter, by_clip, stretches
from resources.torch_models.log_mel import mel_powers

_logger = logging.getLogger(__name__)

_FLOOR = 1e-10


class Clap(HubAdapter, SimilarityScorer):
    """Scores a caption by the cosine of its vector and that of the clip.

    Sound longer than the network hears at once (10 s) is cut into stretches, the last of which ends with the clip; its
    vector is the mean of theirs. transformers' own way takes a stretch at random.
    """

    needs_audio: ClassVar[bool] = True
    sample_rate_hz: ClassVar[int] = 48_000

    @cached_property
    @loads
    def _network(self) -> Any:
        return self._loaded_network("ClapModel")

    @cached_property
    @loads
    def _extractor(self) -> Any:
        extractor = self._part("ClapFeatureExtractor")
        if extractor.sampling_rate != self.sample_rate_hz:
            raise ModelUnavailable(
                f"`model` = {self.model!r} hears sound at {extractor.sampling_rate} Hz; it must be "
                f"{self.sample_rate_hz} Hz.",
                hint="Name a checkpoint of CLAP.",
            )
        # Only what takes the time: how sound is padded, and which filters apply, stays the extractor's.
        extractor._np_extract_fbank_features = partial(_decibels, extractor)
        return extractor

    @cached_property
    @loads
    def _tokenizer(self) -> Any:
        return self._part("AutoTokenizer")

    @property
    def max_tokens(self) -> int:
        """Most tokens of a caption that the text encoder reads."""
        text = self._network.config.text_config
        # RoBERTa counts positions from one after that of the padding.
        positions: int = text.max_position_embeddings - text.pad_token_id - 1
        return min(int(self._tokenizer.model_max_length), positions)

    def load(self) -> None:
        """Load the network onto its device."""
        _ = self._extractor, self._tokenizer, self._network

    def probe(self) -> None:
        """Compare a second of noise with a few words."""
        noise = np.random.RandomState(0).uniform(-0.1, 0.1, self.sample_rate_hz).astype(np.float32)
        with answering(self.model_name):
            (score,) = self.score([CaptionedClip("White noise.", audio=noise)])
            if not -1 <= score <= 1:
                raise ValueError(f"a probe scores {score}")

    def score(self, clips: Sequence[CaptionedClip]) -> list[float]:
        """Score every captioned clip by what is heard; a caption too long for the text encoder by its beginning.

        Raises:
            ValueError: A clip comes without audio.
        """
        if any(clip.audio is None for clip in clips):
            raise ValueError("CLAP compares captions with audio, and a clip came without")
        heard = self.embed_audio([clip.audio for clip in clips if clip.audio is not None])
        said = self.embed_text([clip.caption for clip in clips])
        return [float(np.clip(a @ b, -1, 1)) for a, b in zip(heard, said, strict=True)]

    def embed_audio(self, clips: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Give one vector a clip, ``(clips, dimensions) float32`` of length 1.

        Args:
            clips: Mono audio, each ``(samples,) float32`` in [-1, 1] at 48 kHz, of any length from 1 sample.
        """
        self.load()
        cuts = [self._pieces.of(clip) for clip in clips]
        vectors = self._batches.compute(self._audio_vectors, [piece for cut in cuts for piece in cut])
        return self._unit([np.mean(of_clip, axis=0) for of_clip in by_clip(vectors, cuts)])

    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give one vector a text, ``(texts, dimensions) float32`` of length 1; texts beyond `max_tokens` are cut."""
        self.load()
        tokens = [self._tokenizer(text, verbose=False)["input_ids"] for text in texts]
        if too_long := sum(len(ids) > self.max_tokens for ids in tokens):
            _logger.warning(
                "%d of %d captions are longer than the %d tokens that %s reads: they are scored by their beginning.",
                too_long,
                len(texts),
                self.max_tokens,
                self.model_name,
            )
        return self._unit(self._batches.compute(self._text_vectors, texts))

    def ahead(self, clip: NDArray[np.float32]) -> None:
        """Extract the features of a clip; see `SimilarityScorer.ahead`."""
        self._pieces.extract(clip)

    @cached_property
    def _pieces(self) -> Ahead[list[Any]]:
        return Ahead(self._cut)

    def _cut(self, clip: NDArray[np.float32]) -> list[Any]:
        """Features of the stretches of a clip, as tensors by name."""
        # One by one: in a batch of short clips the extractor marks one at random as longer than it is.
        return [
            self._extractor(clip[piece], sampling_rate=self.sample_rate_hz, return_tensors="pt")
            for piece in stretches(len(clip), self._extractor.nb_max_samples)
        ]

    def _audio_vectors(self, features: Sequence[Any]) -> list[NDArray[np.float32]]:
        torch = imported("torch")
        inputs = {name: self._moved(torch.cat([one[name] for one in features])) for name in features[0]}
        with self._computing():
            return list(self._unit(self._network.get_audio_features(**inputs).pooler_output.float().cpu().numpy()))

    def _text_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        tokens = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        inputs = {name: self._moved(value) for name, value in tokens.items()}
        with self._computing():
            return list(self._unit(self._network.get_text_features(**inputs).pooler_output.float().cpu().numpy()))

    def _unit(self, vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale to length 1."""
        if not len(vectors):
            return np.zeros((0, self._network.config.projection_dim), np.float32)
        array = np.asarray(vectors, np.float32)
        unit: NDArray[np.float32] = array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-9)
        return unit


def _decibels(extractor: Any, waveform: NDArray[Any], mel_filters: NDArray[Any]) -> NDArray[np.float32]:
    """Log-mel spectrogram of a stretch, ``(frames, bands)`` in dB, as of `ClapFeatureExtractor` to 1e-4."""
    length = extractor.fft_window_size
    window = np.hanning(length + 1)[:-1]
    centred = np.pad(waveform, length // 2, mode="reflect")
    powers = mel_powers(centred, window, mel_filters, hop=extractor.hop_length, fft_length=length)
    return (10 * np.log10(np.maximum(powers, _FLOOR))).astype(np.float32)
