"""EfficientNet-Lite0 on onnxruntime: a cue of what key frames may show, no more.

Method: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019. The network
knows 1,000 ImageNet classes, half of them animals and none of them people or scenes, and it is confident about
pictures of anything else; hence the high floor and the careful words.
"""

import itertools
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
from resources.parallel import each

_WEIGHT = "efficientnet-lite0"
_NAMES_WEIGHT = "imagenet-classes"
_CROP_SHARE = 0.875
"""Share of the shorter side that the network is shown, as in its evaluation."""
_CENTRE, _SCALE = 127.0, 128.0
_MOST_NAMED = 3


class EfficientNetLite0(ImageDescriber):
    """Labels of key frames by EfficientNet-Lite0, those above a floor only."""

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "pillow")

    floor: float = Field(0.5, ge=0, le=1, description="Least probability of a label that is named.")
    threads: int = runtime(0, "Key frames that are worked on at the same time; 0 for one per core.")

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
        return session(weights.weight_path(_WEIGHT), threads=1)

    @cached_property
    def _names(self) -> list[str]:
        names: list[str] = json.loads(weights.weight_path(_NAMES_WEIGHT).read_text(encoding="utf-8"))
        return names

    def load(self) -> None:
        """Load the graph and the names of its classes."""
        _ = self._session, self._distinct_names

    def probe(self) -> None:
        """Classify a grey picture."""
        grey = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), 127, np.uint8)
        with answering(self.model_name):
            probabilities = self._probabilities(grey)
            if probabilities.shape != (len(self._names),) or not np.isfinite(probabilities).all():
                raise ValueError("the answer to a probe has no probability for every class")

    def close(self) -> None:
        """Release the graph."""
        self.__dict__.pop("_session", None)

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        """Describe the key frames of each clip."""
        self.load()
        frames = [frame for frames in clips for frame in frames]
        seen = iter(each(self._seen, frames, self.threads))
        of_clips = [tuple(itertools.islice(seen, len(frames))) for frames in clips]
        return [VisualDescription(frames, _describe(frames)) for frames in of_clips]

    def _seen(self, frame: KeyFrame) -> SeenFrame:
        return SeenFrame(frame.time_s, self._labels(self._probabilities(frame.pixels)))

    def _probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Of every class, ``(1000,)``."""
        logits = self._session.run(None, {"image": _prepare(image)[None]})[0]
        probabilities: NDArray[np.float32] = scipy.special.softmax(logits[0])
        return probabilities

    def _labels(self, probabilities: NDArray[np.float32]) -> tuple[Labelled, ...]:
        """Labels at or above the floor, best first; classes of the same name are one label."""
        names, places = self._distinct_names
        scores = np.minimum(np.bincount(places, probabilities), 1.0)
        above = [(names[place], float(scores[place])) for place in np.flatnonzero(scores >= self.floor)]
        return tuple(Labelled(name, score) for name, score in sorted(above, key=lambda label: (-label[1], label[0])))

    @cached_property
    def _distinct_names(self) -> tuple[list[str], NDArray[np.intp]]:
        """The different names, and which of them each class has."""
        names, places = np.unique(self._names, return_inverse=True)
        return names.tolist(), places


def _prepare(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The centre of a picture as ``(3, 224, 224)``, (RGB − 127) / 128."""
    height, width = image.shape[:2]
    side = min(height, width) * _CROP_SHARE
    left, top = (width - side) / 2, (height - side) / 2
    picture = Image.fromarray(image).resize(
        (IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
    )
    channels = np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
    return (channels.astype(np.float32) - np.float32(_CENTRE)) / np.float32(_SCALE)


def _describe(frames: Sequence[SeenFrame]) -> str:
    """A careful sentence, e.g. "Possibly in the picture: barn owl, sandal."; empty when nothing is above the floor."""
    best: dict[str, float] = {}
    for frame in frames:
        for label in frame.labels:
            best[label.label] = max(label.score, best.get(label.label, 0.0))
    named = sorted(best, key=lambda label: (-best[label], label))[:_MOST_NAMED]
    return f"Possibly in the picture: {', '.join(named)}." if named else ""
