"""Sentence embeddings by MiniLM on onnxruntime, and the caption scorer that is built on them."""

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr
from tokenizers import Tokenizer

from resources.adapter import runtime
from resources.embedded.onnx_graph import session
from resources.embedded.weights import revision, weight_path
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.parallel import each
from resources.similarity import CaptionedClip, SimilarityScorer
from resources.sound_names import sound_name, wording_sha256

WEIGHT = "minilm-l6-v2"
DIMENSIONS = 384
_MAX_TOKENS = 256


class MiniLm:
    """all-MiniLM-L6-v2 with 8-bit weights: mean of the token vectors, scaled to length 1 (Reimers & Gurevych 2019).

    Loads on first use; may be shared between threads.

    Args:
        threads: Texts that are worked on at the same time; 0 for one per core.
    """

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector a text, ``(texts, 384) float32`` of length 1; texts beyond 256 tokens are cut.

        Texts go through one by one: the 8-bit graph scales its activations over a whole batch, so that in a batch the
        vector of a text would depend on its neighbours.
        """
        self.load()
        return np.stack(each(self._embed, texts, self._threads)) if texts else np.zeros((0, DIMENSIONS), np.float32)

    def load(self) -> None:
        """Load the weights now."""
        _ = self._session, self._tokenizer

    def _embed(self, text: str) -> NDArray[np.float32]:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        known = {node.name for node in self._session.get_inputs()}
        vectors = self._session.run(None, {name: feed for name, feed in feeds.items() if name in known})[0]
        mean: NDArray[np.float32] = vectors[0].mean(axis=0)
        return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)

    @cached_property
    def _folder(self) -> Path:
        return weight_path(WEIGHT)

    @cached_property
    @loads
    def _session(self) -> Any:
        return session(self._folder / "model.onnx", threads=1)

    @cached_property
    @loads
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer


class TagBridge(SimilarityScorer):
    """Scores a caption by the cosine of its embedding and that of the clip's tags, worded as a caption would.

    It never hears the clip: it finds captions that left their tags, not tags that left the sound. The clip's vector is
    the mean of the vectors of its best classes' wordings, weighted by their scores.
    """

    version: ClassVar[str] = "1"
    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "tokenizers")
    needs_audio: ClassVar[bool] = False

    max_labels: int = Field(6, ge=1, description="Compare with at most this many classes, the best first.")
    min_score: float = Field(0.2, ge=0, le=1, description="Leave out classes that score less, if any scores more.")
    threads: int = runtime(0, "Texts that are worked on at the same time; 0 for one per core.")

    _model: MiniLm | None = PrivateAttr(default=None)
    _label_vectors: dict[str, NDArray[np.float32]] = PrivateAttr(default_factory=dict)

    @property
    def model_name(self) -> str:
        """Name of the scorer and its model."""
        return "tag-bridge-minilm-l6-v2"

    @property
    def revision(self) -> str:
        """SHA-256 of the weights, and of the wording of the classes."""
        return f"{revision(WEIGHT)}+{wording_sha256()}"

    def load(self) -> None:
        """Load the weights."""
        self._minilm.load()

    def probe(self) -> None:
        """Compare two captions of a barking dog.

        Raises:
            ModelUnavailable: A matching caption scores no more than one of something else.
        """
        labels = (("Bark", 1.0),)
        right, wrong = self.score(
            [CaptionedClip("A dog barks.", labels), CaptionedClip("A violin plays slow music.", labels)]
        )
        if not right > wrong:
            raise ModelUnavailable(f"The tag bridge scores a wrong caption {wrong:.2f} and the right one {right:.2f}.")

    def score(self, clips: Sequence[CaptionedClip]) -> list[float]:
        """Score every captioned clip, a cosine; 0 for a clip without labels."""
        chosen = [self._chosen(clip) for clip in clips]
        self._learn({label for labels in chosen for label, _ in labels})
        captions = self._minilm.embed([clip.caption for clip in clips])
        return [self._cosine(caption, labels) for caption, labels in zip(captions, chosen, strict=True)]

    def close(self) -> None:
        """Release the model."""
        self._model = None

    def _learn(self, labels: Collection[str]) -> None:
        """Embed the wordings of labels that were not met before."""
        new = sorted(set(labels) - self._label_vectors.keys())
        vectors = self._minilm.embed([f"{label}: {sound_name(label).clauses[0]}" for label in new])
        self._label_vectors.update(zip(new, vectors, strict=True))

    def _cosine(self, caption: NDArray[np.float32], labels: list[tuple[str, float]]) -> float:
        if not labels:
            return 0.0
        tags = np.sum([score * self._label_vectors[label] for label, score in labels], axis=0)
        length = float(np.linalg.norm(tags))
        return float(np.clip(caption @ tags / length, -1, 1)) if length else 0.0

    def _chosen(self, clip: CaptionedClip) -> list[tuple[str, float]]:
        ranked = sorted(clip.labels, key=lambda labelled: (-labelled[1], labelled[0]))[: self.max_labels]
        return [(label, score) for label, score in ranked if score >= self.min_score] or ranked[:1]

    @property
    def _minilm(self) -> MiniLm:
        if self._model is None:
            self._model = MiniLm(self.threads)
        return self._model
