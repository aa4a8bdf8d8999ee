"""The architectures that are converted to ONNX, written once more in torch from their authors' descriptions.

They share nothing with the converters but the checkpoints, so that a slip in one shows against the other. Run as a
script, this file writes ``resources/embedded/goldens.npz``:

    python -m tests.gpu.original_architectures
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from resources.embedded import efficientnet_graph, musicnn_graph, spleeter_graph, weights
from resources.embedded.onnx_graph import golden_sample
from resources.embedded.tf_checkpoint import read_checkpoint
from resources.embedded.wheels import Wheels

Array = NDArray[np.float32]
GOLDENS = Path(weights.__file__).with_name("goldens.npz")


def golden_outputs(name: str) -> Array:
    """The original's output for the golden input of the weights `name`, whole."""
    compute, inputs = _ORIGINALS[name]
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        weights.extract(name, Wheels(Path(folder)), Path(folder))
        return compute(Path(folder), torch.from_numpy(inputs())).numpy()


def golden_input(name: str) -> Array:
    """What `golden_outputs` starts from."""
    return _ORIGINALS[name][1]()


def _layer(tensors: dict[str, Array], kind: str, number: int) -> dict[str, torch.Tensor]:
    prefix = kind if number == 0 else f"{kind}_{number}"
    parts = {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}
    return {part: torch.from_numpy(value.copy()) for part, value in parts.items() if "/" not in part}


def _normalise(tensors: dict[str, Array], number: int, x: torch.Tensor) -> torch.Tensor:
    """Keras' inference batch normalisation over the last axis."""
    bn = _layer(tensors, "batch_normalization", number)
    return (x - bn["moving_mean"]) / torch.sqrt(bn["moving_variance"] + 1e-3) * bn["gamma"] + bn["beta"]


def _conv(layer: dict[str, torch.Tensor], x: torch.Tensor, pads: tuple[int, ...], **options: int) -> torch.Tensor:
    """A convolution over channels-last values; `pads` are those of `functional.pad`."""
    padded = functional.pad(x.permute(0, 3, 1, 2), pads)
    return functional.conv2d(padded, layer["kernel"].permute(3, 2, 0, 1), layer["bias"], **options).permute(0, 2, 3, 1)


def _up(layer: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """TensorFlow's "same" transposed convolution: the full answer, cropped by one before and two after."""
    full = functional.conv_transpose2d(
        x.permute(0, 3, 1, 2), layer["kernel"].permute(3, 2, 0, 1), layer["bias"], stride=2
    )
    return full[:, :, 1:-2, 1:-2].permute(0, 2, 3, 1)


def spleeter(folder: Path, magnitude: torch.Tensor) -> torch.Tensor:
    """Mask of the vocals ``(tiles, 2, frames, 1024)``."""
    tensors = read_checkpoint(folder / "model")
    x = magnitude.permute(0, 2, 3, 1)
    vocals, accompaniment = (_unet(tensors, source, x) for source in (0, 1))
    mask = (vocals**2 + 1e-10 / 2) / (vocals**2 + accompaniment**2 + 1e-10)
    return mask.permute(0, 3, 1, 2)


def _unet(tensors: dict[str, Array], source: int, x: torch.Tensor) -> torch.Tensor:
    down, value = [], x
    for level in range(6):
        down.append(_conv(_layer(tensors, "conv2d", 7 * source + level), value, (1, 2, 1, 2), stride=2))
        value = functional.leaky_relu(_normalise(tensors, 12 * source + level, down[-1]), 0.2)
    value = down[5]
    for level in range(6):
        value = functional.relu(_up(_layer(tensors, "conv2d_transpose", 6 * source + level), value))
        value = _normalise(tensors, 12 * source + 6 + level, value)
        if level < 5:
            value = torch.cat([down[4 - level], value], dim=3)
    mask = _conv(_layer(tensors, "conv2d", 7 * source + 6), value, (3, 3, 3, 3), dilation=2)
    return torch.sigmoid(mask) * x


def musicnn(folder: Path, log_mel: torch.Tensor) -> torch.Tensor:
    """Scores ``(patches, 50)``; channels-last and with the axes that its authors use."""
    tensors = read_checkpoint(folder / "model")
    x = _normalise(tensors, 0, log_mel[..., None])
    features = []
    for number in range(5):
        layer = _layer(tensors, "conv2d", number)
        total = layer["kernel"].shape[0] - 1
        convolved = functional.relu(_conv(layer, x, (0, 0, total // 2, total - total // 2)))
        features.append(_normalise(tensors, 1 + number, convolved).amax(dim=2))
    front = torch.cat(features, dim=2)[..., None]
    levels = [front]
    for number in range(3):
        convolved = functional.relu(_conv(_layer(tensors, "conv2d", 5 + number), levels[-1], (0, 0, 3, 3)))
        value = _normalise(tensors, 6 + number, convolved).permute(0, 1, 3, 2)
        levels.append(value if number == 0 else value + levels[-1])
    features_over_time = torch.cat(levels, dim=2)
    pooled = torch.cat([features_over_time.amax(dim=1), features_over_time.mean(dim=1)], dim=2).flatten(1)
    hidden, output = _layer(tensors, "dense", 0), _layer(tensors, "dense", 1)
    value = functional.relu(_normalise(tensors, 9, pooled) @ hidden["kernel"] + hidden["bias"])
    return torch.sigmoid(_normalise(tensors, 10, value) @ output["kernel"] + output["bias"])


class _SameConv(nn.Conv2d):
    """TensorFlow's "same" padding for any size."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(functional.pad(x, pads))


class _Block(nn.Module):
    def __init__(self, wide_in: int, wide_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = wide_in * expansion
        if expansion > 1:
            self._expand_conv = _SameConv(wide_in, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv = _SameConv(wide, wide_out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(wide_out, eps=1e-3)
        self.skips = stride == 1 and wide_in == wide_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = functional.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        value = functional.relu6(self._bn1(self._depthwise_conv(value)))
        value = self._bn2(self._project_conv(value))
        return value + x if self.skips else value


class EfficientNetLite0(nn.Module):
    """The network with the names that its checkpoint uses."""

    def __init__(self) -> None:
        super().__init__()
        stages = "1 3 1 1 16, 2 3 2 6 24, 2 5 2 6 40, 3 3 2 6 80, 3 5 1 6 112, 4 5 2 6 192, 1 3 1 6 320"
        blocks, wide = [], 32
        for stage in stages.split(","):
            repeats, kernel, stride, expansion, wide_out = map(int, stage.split())
            for repeat in range(repeats):
                blocks.append(_Block(wide, wide_out, kernel, stride if repeat == 0 else 1, expansion))
                wide = wide_out
        self._conv_stem = _SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = _SameConv(wide, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = self._blocks(functional.relu6(self._bn0(self._conv_stem(x))))
        return self._fc(functional.relu6(self._bn1(self._conv_head(value))).mean(dim=(2, 3)))


def efficientnet(folder: Path, image: torch.Tensor) -> torch.Tensor:
    """Logits ``(images, 1000)``; the checkpoint is read by torch itself."""
    network = EfficientNetLite0().eval()
    network.load_state_dict(torch.load(folder / "efficientnet-lite0.pth", weights_only=True))
    return network(image)


_ORIGINALS: dict[str, tuple[Callable[[Path, torch.Tensor], torch.Tensor], Callable[[], Array]]] = {
    "spleeter-2stems": (spleeter, spleeter_graph.golden_magnitude),
    "musicnn-mtt": (musicnn, musicnn_graph.golden_log_mel),
    "musicnn-msd": (musicnn, musicnn_graph.golden_log_mel),
    "efficientnet-lite0": (efficientnet, efficientnet_graph.golden_image),
}

if __name__ == "__main__":
    samples = {name: golden_sample(golden_outputs(name)) for name in _ORIGINALS}
    np.savez_compressed(GOLDENS, allow_pickle=False, **samples)
