"""YAMNet: 521 AudioSet classes from a small convolutional network, 8-bit, on onnxruntime.

Plakal & Ellis, YAMNet (MobileNet v1 on log-mel patches, trained on AudioSet); the 8-bit ONNX graph is Qualcomm's. Its
output has steps of 0.757 in the logit, so the scores are coarse: 0.5, 0.68, 0.82, 0.91, 0.95, ...
"""

import csv
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import onnxruntime as ort
import scipy.fft
from numpy.typing import NDArray
from onnx import numpy_helper
from pydantic import Field
from scipy.special import expit

from resources.adapter import runtime
from resources.embedded.weights import revision, weight_path
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.parallel import each
from resources.tagger import Tagger, TagScores

_WINDOW = 400
_HOP = 160
_FFT = 512
_LOG_OFFSET = 0.001
_PATCH_FRAMES = 96
_PATCH_HOP_FRAMES = 48
_PATCH_SAMPLES = (_PATCH_FRAMES - 1) * _HOP + _WINDOW
_PATCH_HOP = _PATCH_HOP_FRAMES * _HOP
_EMBEDDING = 1024
_BLOCK_FRAMES = 256
"""Frames whose spectrum is computed at a time: they stay in the cache, and long clips take no more memory."""
_WEIGHTS = "yamnet"
_WEIGHTS_FILE = "model.data"
"""Beside the graph, which names it."""


class Yamnet(Tagger):
    """YAMNet with 8-bit weights: one frame of scores per patch of 0.975 s, every 0.48 s.

    A clip is padded with silence at its end to a whole number of patches, as the original does. On 23 labelled sounds
    cut short, silence gave the right top class more often than repeating the cut at 0.1–0.2 s, less often at
    0.4–0.6 s, and about as often at 0.8 s; it is kept because repetition makes a rhythm that is not there.

    What the 8-bit network says of a patch depends much on where the patch begins. So each is looked at several times,
    shifted by parts of the hop, and the logits are averaged: on composed scenes (docs/quality.md) this takes away more
    false sounds than a higher threshold that misses as much.
    """

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "scipy")

    sample_rate_hz: ClassVar[int] = 16_000

    looks: int = Field(4, ge=1, description="Looks at each patch, shifted by parts of the hop; 1, 2, 3, 4, 6 or 8.")
    batch_patches: int = runtime(32, "Patches per run of the network; 20 are a clip of 10 s.")
    threads: int = runtime(0, "Clips that are worked on at the same time; 0 for one per core.")

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return "yamnet-w8a8"

    @property
    def revision(self) -> str:
        """SHA-256 that stands for graph, weights and class list."""
        return revision(_WEIGHTS)

    @functools.cached_property
    def classes(self) -> tuple[str, ...]:
        """The 521 display names, in the order of the scores."""
        with (weight_path(_WEIGHTS) / "yamnet_class_map.csv").open(encoding="utf-8", newline="") as stream:
            return tuple(row["display_name"] for row in csv.DictReader(stream))

    @functools.cached_property
    @loads
    def _network(self) -> "_Network":
        return _Network(weight_path(_WEIGHTS) / "model.onnx")

    def load(self) -> None:
        """Read the class list and build the network."""
        if len(self.classes) != self._network.num_classes:
            raise ModelUnavailable(
                f"YAMNet's class list names {len(self.classes)} classes, its graph {self._network.num_classes}."
            )

    def probe(self) -> None:
        """Tag a second of silence."""
        label = self.classes[int(self.tag([np.zeros(self.sample_rate_hz, np.float32)])[0].scores.max(axis=0).argmax())]
        if label != "Silence":
            raise ModelUnavailable(f"YAMNet hears {label!r} in silence.")

    def tag(self, clips: Sequence[NDArray[np.float32]]) -> list[TagScores]:
        """Score every clip; see `Tagger.tag`."""
        self.load()
        return each(self._tag_one, clips, self.threads)

    def _tag_one(self, clip: NDArray[np.float32]) -> TagScores:
        patches = patches_of(self._network.quantised(log_mel(clip)), self.looks)
        batches = range(0, len(patches), self.batch_patches)
        logits = np.concatenate([self._network(patches[start : start + self.batch_patches]) for start in batches])
        scores = expit(averaged(logits, self.looks))
        return TagScores(scores, _PATCH_SAMPLES / self.sample_rate_hz, _PATCH_HOP / self.sample_rate_hz)

    def close(self) -> None:
        """Drop the network."""
        self.__dict__.pop("_network", None)


def averaged(logits: NDArray[np.float32], looks: int) -> NDArray[np.float32]:
    """Average the looks at each patch: those that begin within half a hop of it.

    Args:
        logits: ``(looks * (patches - 1) + 1, classes) float32``, in order of time.
        looks: Looks per hop.

    Returns:
        ``(patches, classes) float32``.
    """
    centres = range(0, len(logits), looks)
    near = [logits[max(0, centre - looks // 2) : centre + (looks + 1) // 2] for centre in centres]
    return np.stack([looked.mean(axis=0) for looked in near])


def log_mel(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-mel spectrum of a clip and of the silence that fills its last patch.

    Windows are 25 ms of Hann every 10 ms; the bands are 64 of HTK's from 125 to 7,500 Hz.

    Args:
        clip: ``(samples,) float32`` at 16 kHz.

    Returns:
        ``(frames, 64) float32``: natural logarithms of the mel magnitudes plus 0.001, for a whole number of patches.
    """
    num_patches = 1 + max(0, -(-(len(clip) - _PATCH_SAMPLES) // _PATCH_HOP))
    padded = np.zeros(_PATCH_SAMPLES + (num_patches - 1) * _PATCH_HOP, np.float32)
    padded[: len(clip)] = clip
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    found = np.empty((len(windows), _mel_bands().shape[1]), np.float32)
    for start in range(0, len(windows), _BLOCK_FRAMES):
        spectrum = np.abs(scipy.fft.rfft(windows[start : start + _BLOCK_FRAMES] * _hann(), _FFT))
        found[start : start + _BLOCK_FRAMES] = np.log(spectrum @ _mel_bands() + np.float32(_LOG_OFFSET))
    return found


def patches_of(frames: NDArray[Any], looks: int = 1) -> NDArray[Any]:
    """Patches of a log-mel spectrum ``(frames, 64)``, as views of it.

    Args:
        frames: As `log_mel` gives them, of any type.
        looks: Patches per hop of 0.48 s, in equal steps of 10 ms or more.

    Returns:
        ``(looks * (patches - 1) + 1, 96, 64)``: at least one patch.
    """
    patches = np.lib.stride_tricks.sliding_window_view(frames, _PATCH_FRAMES, axis=0)[:: _PATCH_HOP_FRAMES // looks]
    return patches.transpose(0, 2, 1)


@functools.cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@functools.cache
def _mel_bands() -> NDArray[np.float32]:
    """Triangles of height 1 on the HTK mel scale, ``(257, 64)``. Written out: librosa takes seconds to import."""
    lowest_mel, highest_mel = 2595 * np.log10(1 + np.array([125.0, 7_500.0]) / 700)
    edges_mel = np.linspace(lowest_mel, highest_mel, 64 + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    below, peak, above = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    bins_hz = np.fft.rfftfreq(_FFT, 1 / Yamnet.sample_rate_hz)[:, np.newaxis]
    rising, falling = (bins_hz - below) / (peak - below), (above - bins_hz) / (above - peak)
    bands: NDArray[np.float32] = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return bands


class _Network:
    """The 8-bit graph on onnxruntime, opened for any number of patches; the graph itself says how it is quantised."""

    def __init__(self, path: Path) -> None:
        model = onnx.load(path, load_external_data=False)
        constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._in_scale, self._in_zero, self._out_scale, self._out_zero = (
            float(numpy_helper.to_array(constants[f"{end}_{part}"]))
            for end in ("audio", "class_scores")
            for part in ("scale", "zero_point")
        )
        _free_batch_dimension(model)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # clips share the cores, see `tag`
        # As bytes: onnx and onnxruntime refuse files that are links, as in a cache copied to save room.
        weights = path.with_name(_WEIGHTS_FILE).read_bytes()
        options.add_external_initializers_from_files_in_memory([_WEIGHTS_FILE], [weights], [len(weights)])
        self._session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.num_classes: int = self._session.get_outputs()[0].shape[-1]

    def quantised(self, log_mel: NDArray[np.float32]) -> NDArray[np.uint8]:
        """A log-mel spectrum in the steps of the network: once, since each frame is in several patches."""
        steps: NDArray[np.uint8] = np.clip(np.rint(log_mel / self._in_scale + self._in_zero), 0, 255).astype(np.uint8)
        return steps

    def __call__(self, patches: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits of quantised patches ``(patches, 96, 64)``: ``(patches, classes)``."""
        (output,) = self._session.run(None, {"audio": np.ascontiguousarray(patches[:, np.newaxis])})
        logits: NDArray[np.float32] = np.float32(self._out_scale) * (
            output.astype(np.float32) - np.float32(self._out_zero)
        )
        return logits


def _free_batch_dimension(model: onnx.ModelProto) -> None:
    """Let the graph, exported for one patch, take any number: the answers stay the same, at half the time."""
    (flatten,) = (node for node in model.graph.node if node.op_type == "Reshape")
    (shape,) = (tensor for tensor in model.graph.initializer if tensor.name == flatten.input[1])
    shape.CopyFrom(numpy_helper.from_array(np.array([-1, _EMBEDDING]), shape.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "patches"
    del model.graph.value_info[:]
