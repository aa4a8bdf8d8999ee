"""EfficientNet-Lite0 on onnxruntime: a cue of what key frames may show, no more.

Method: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019. The network
knows 1,000 ImageNet classes, half of them animals and none of them people or scenes, and it is confident about
pictures of anything else; hence the high floor and the careful words.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
import onnxruntime as ort
import scipy.special
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from resources.adapter import runtime
from resources.embedded import weights
from resources.embedded.efficientnet_graph import IMAGE_SIZE
from resources.embedded.onnx_graph import answering, session
from resources.image_describer import ImageDescriber, SeenFrame, VisualDescription
from resources.load_time import loads
from resources.media import KeyFrame
from resources.music_describer import Labelled

_WEIGHT = "efficientnet-lite0"
_NAMES_WEIGHT = "imagenet-classes"
_CROP_SHARE = 0.875
"""Share of the shorter side that the network is shown, as in its evaluation."""
_CENTRE, _SCALE = 127.0, 128.0
_MOST_NAMED = 3


class EfficientNetLite0(ImageDescriber):
    """Labels of key frames by EfficientNet-Lite0, those above a floor only."""

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "pillow")

    batch_size: ClassVar[int] = 8

    floor: float = Field(0.5, ge=0, le=1, description="Least probability of a label that is named.")
    threads: int = runtime(0, "Threads of the CPU; 0 for all cores.")

    @property
    def model_name(self) -> str:
        """As rows record it."""
        return _WEIGHT

    @property
    def revision(self) -> str:
        """SHA-256 of the checkpoint and its conversion, and of the names of the classes."""
        return f"{weights.revision(_WEIGHT)}+{weights.revision(_NAMES_WEIGHT)}"

    @cached_property
    @loads
    def _session(self) -> ort.InferenceSession:
        return session(weights.weight_path(_WEIGHT), self.threads)

    @cached_property
    def _names(self) -> list[str]:
        names: list[str] = json.loads(weights.weight_path(_NAMES_WEIGHT).read_text(encoding="utf-8"))
        return names

    def load(self) -> None:
        """Load the graph and the names of its classes."""
        _ = self._session, self._names

    def probe(self) -> None:
        """Classify a grey picture."""
        grey = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), 127, np.uint8)
        with answering(self.model_name):
            probabilities = self._classify([grey])
            if probabilities.shape != (1, len(self._names)) or not np.isfinite(probabilities).all():
                raise ValueError("the answer to a probe has no probability for every class")

    def close(self) -> None:
        """Release the graph."""
        self.__dict__.pop("_session", None)

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        """Describe the key frames of each clip; all frames go through the network in batches."""
        images = [frame.pixels for frames in clips for frame in frames]
        batches = [self._classify(images[i : i + self.batch_size]) for i in range(0, len(images), self.batch_size)]
        rows = iter(row for batch in batches for row in batch)
        seen = [tuple(SeenFrame(frame.time_s, self._labels(next(rows))) for frame in frames) for frames in clips]
        return [VisualDescription(frames, _describe(frames)) for frames in seen]

    def _classify(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Probabilities ``(images, 1000)``."""
        batch = np.stack([_prepare(image) for image in images])
        logits = self._session.run(None, {"image": batch})[0]
        probabilities: NDArray[np.float32] = scipy.special.softmax(logits, axis=1)
        return probabilities

    def _labels(self, probabilities: NDArray[np.float32]) -> tuple[Labelled, ...]:
        """Labels at or above the floor, best first; classes of the same name are one label."""
        by_name: dict[str, float] = {}
        for name, probability in zip(self._names, probabilities.tolist(), strict=True):
            by_name[name] = by_name.get(name, 0.0) + probability
        best = sorted(by_name.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Labelled(name, min(score, 1.0)) for name, score in best if score >= self.floor)


def _prepare(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The centre of a picture as ``(3, 224, 224)``, (RGB − 127) / 128."""
    height, width = image.shape[:2]
    side = min(height, width) * _CROP_SHARE
    left, top = (width - side) / 2, (height - side) / 2
    picture = Image.fromarray(image).resize(
        (IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
    )
    return (np.asarray(picture, np.float32).transpose(2, 0, 1) - np.float32(_CENTRE)) / np.float32(_SCALE)


def _describe(frames: Sequence[SeenFrame]) -> str:
    """A careful sentence, e.g. "Possibly in the picture: barn owl, sandal."; empty when nothing is above the floor."""
    best: dict[str, float] = {}
    for frame in frames:
        for label in frame.labels:
            best[label.label] = max(label.score, best.get(label.label, 0.0))
    named = sorted(best, key=lambda label: (-best[label], label))[:_MOST_NAMED]
    return f"Possibly in the picture: {', '.join(named)}." if named else ""
