"""Sound classes by transformers on the spectrogram, or any other classifier of AudioSet's classes.

Gong, Chung & Glass, "AST: Audio Spectrogram Transformer", Interspeech 2021.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from resources.embedded.onnx_graph import answering
from resources.english import counted
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.ontology import load_ontology
from resources.tagger import Tagger, TagScores
from resources.torch_models.ahead import Ahead
from resources.torch_models.device import imported
from resources.torch_models.hub_adapter import HubAdapter, by_clip, stretches
from resources.torch_models.piece_features import Features, PieceFeatures, SpectrogramFeatures

_SHORTEST_S = 0.1
"""Shorter sound is padded with silence: extractors want at least a frame."""


@dataclass(frozen=True)
class _Pieces:
    """Features of a clip: of as few stretches as cover it, and of its windows."""

    whole: list[Features]
    windows: list[Features]


class AudioSpectrogramTransformer(HubAdapter, Tagger):
    """Any checkpoint of `AutoModelForAudioClassification` whose labels are AudioSet's.

    A clip is heard twice: as a whole, which gives the scores of the clip, and in short windows, which give the scores
    over time. A window takes as much work as a whole clip, since the network pads both to the length that it was
    trained on.
    """

    sample_rate_hz: ClassVar[int] = 16_000

    window_s: float = Field(2.0, ge=_SHORTEST_S, description="Length of the windows that give scores over time.")
    hop_s: float = Field(1.0, ge=0.01, description="Distance of their starts.")
    longest_s: float = Field(
        10.24, ge=_SHORTEST_S, description="Longest stretch that the network hears; longer clips are cut in stretches."
    )

    @model_validator(mode="after")
    def _windows_leave_no_gap(self) -> Self:
        if not self.hop_s <= self.window_s <= self.longest_s:
            raise ValueError(
                f"hop_s {self.hop_s}, window_s {self.window_s} and longest_s {self.longest_s} must not descend"
            )
        return self

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Display names of the ontology, in the order of the scores.

        Raises:
            ModelUnavailable: A label of the checkpoint is no class of AudioSet's, or two are the same.
        """
        labels = self._part("AutoConfig").id2label
        names, unknown = [], []
        for index in range(len(labels)):
            try:
                names.append(load_ontology().display_name(labels[index]))
            except KeyError:
                unknown.append(labels[index])
        if unknown:
            raise ModelUnavailable(
                f"`model` = {self.model!r}: of its {counted(len(labels), 'label')} "
                f"{counted(len(unknown), 'is', 'are')} no class of AudioSet, e.g. {', '.join(map(repr, unknown[:3]))}.",
                hint="Name a checkpoint that was trained on AudioSet.",
            )
        if len(set(names)) < len(names):
            raise ModelUnavailable(
                f"`model` = {self.model!r}: some of its {counted(len(labels), 'label')} are the same class.",
                hint="Name a checkpoint that was trained on AudioSet.",
            )
        return tuple(names)

    @cached_property
    @loads
    def _network(self) -> Any:
        return self._loaded_network("AutoModelForAudioClassification")

    @cached_property
    @loads
    def _extractor(self) -> Any:
        extractor = self._part("AutoFeatureExtractor")
        if extractor.sampling_rate != self.sample_rate_hz:
            raise ModelUnavailable(
                f"`model` = {self.model!r} hears sound at {extractor.sampling_rate} Hz; it must be "
                f"{self.sample_rate_hz} Hz.",
                hint="Name a checkpoint that was trained on AudioSet.",
            )
        return extractor

    @cached_property
    def _features(self) -> PieceFeatures:
        by_frame = isinstance(self._extractor, imported("transformers").ASTFeatureExtractor)
        kind = SpectrogramFeatures if by_frame else PieceFeatures
        return kind(self._extractor, round(_SHORTEST_S * self.sample_rate_hz))

    def load(self) -> None:
        """Load the network onto its device, and check that its labels are AudioSet's."""
        _ = self.classes, self._features, self._network

    def probe(self) -> None:
        """Score a second of noise."""
        noise = np.random.RandomState(0).uniform(-0.1, 0.1, self.sample_rate_hz).astype(np.float32)
        with answering(self.model_name):
            (found,) = self.tag([noise])
            if found.scores.shape[1] != len(self.classes) or not np.isfinite(found.scores).all():
                raise ValueError("the scores of a probe are not one number a class")

    def tag(self, clips: Sequence[NDArray[np.float32]]) -> list[TagScores]:
        """Score every clip, as a whole and over time; see `Tagger.tag`."""
        self.load()
        pieces = [self._pieces.of(clip) for clip in clips]
        wholes, windows = [one.whole for one in pieces], [one.windows for one in pieces]
        scores = by_clip(self._scores([piece for cut in (*wholes, *windows) for piece in cut]), [*wholes, *windows])
        return [
            TagScores(np.stack(frames), self.window_s, self.hop_s, np.max(whole, axis=0))
            for whole, frames in zip(scores[: len(clips)], scores[len(clips) :], strict=True)
        ]

    def ahead(self, clip: NDArray[np.float32]) -> None:
        """Extract the features of a clip; see `Tagger.ahead`."""
        self._pieces.extract(clip)

    @cached_property
    def _pieces(self) -> Ahead[_Pieces]:
        return Ahead(self._cut)

    def _cut(self, clip: NDArray[np.float32]) -> _Pieces:
        wholes = stretches(len(clip), round(self.longest_s * self.sample_rate_hz))
        found = self._features.of(clip, [*wholes, *self._windows(len(clip))])
        return _Pieces(found[: len(wholes)], found[len(wholes) :])

    def _windows(self, num_samples: int) -> list[slice]:
        """Windows that cover a clip; the last one may be shorter than the others."""
        length, hop = (round(seconds * self.sample_rate_hz) for seconds in (self.window_s, self.hop_s))
        count = 1 + max(0, math.ceil((num_samples - length) / hop))
        return [slice(start, min(start + length, num_samples)) for start in range(0, count * hop, hop)]

    def _scores(self, features: Sequence[Features]) -> list[NDArray[np.float32]]:
        """Scores of each piece, ``(classes,)``."""
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for index, piece in enumerate(features):
            alike[self._features.alike(piece)].append(index)
        scores: dict[int, NDArray[np.float32]] = {}
        for indices in alike.values():
            found = self._batches.compute(self._answers, [features[index] for index in indices])
            scores.update(zip(indices, found, strict=True))
        return [scores[index] for index in range(len(features))]

    def _answers(self, batch: Sequence[Features]) -> list[NDArray[np.float32]]:
        """Classes are independent of each other in AudioSet: a sigmoid each, not a softmax over all."""
        torch = imported("torch")
        inputs = {name: self._moved(torch.from_numpy(value)) for name, value in self._features.stacked(batch).items()}
        with self._computing():
            return list(self._network(**inputs).logits.float().sigmoid().cpu().numpy())
