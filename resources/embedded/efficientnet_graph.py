"""EfficientNet-Lite0 as an ONNX graph from pictures to the logits of 1,000 ImageNet classes.

Architecture: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, in
the "Lite" variant: ReLU6, no squeeze and excitation.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources.embedded.onnx_graph import Array, GraphBuilder, check_golden, golden_input
from resources.embedded.torch_checkpoint import read_checkpoint

IMAGE_SIZE = 224
CLASSES = 1000


@dataclass(frozen=True)
class Stage:
    """A run of inverted residual blocks; the first has the stride, the others carry a skip."""

    repeats: int
    kernel: int
    stride: int
    expansion: int


STAGES = (
    Stage(1, 3, 1, 1),
    Stage(2, 3, 2, 6),
    Stage(2, 5, 2, 6),
    Stage(3, 3, 2, 6),
    Stage(3, 5, 1, 6),
    Stage(4, 5, 2, 6),
    Stage(1, 3, 1, 6),
)


def convert(folder: Path, target: Path) -> None:
    """Write the graph of ``efficientnet-lite0.pth`` in `folder`.

    Input ``image``: ``(images, 3, 224, 224) float32``, (RGB − 127) / 128. Output ``logits``: ``(images, 1000)``.
    """
    tensors = read_checkpoint(folder / "efficientnet-lite0.pth")
    graph = GraphBuilder()
    value = _convolve(graph, tensors, "_conv_stem", "_bn0", "image", kernel=3, stride=2)
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            value = _block(graph, tensors, f"_blocks.{number}", value, stage, first=repeat == 0)
            number += 1
    value = _convolve(graph, tensors, "_conv_head", "_bn1", value)
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value))
    weights, bias = graph.constant(tensors["_fc.weight"]), graph.constant(tensors["_fc.bias"])
    value = graph.node("Gemm", value, weights, bias, transB=1)
    graph.save(target, {"image": ["images", 3, IMAGE_SIZE, IMAGE_SIZE]}, value, "logits", ["images", CLASSES])
    check_golden(target, golden_image())


def golden_image() -> NDArray[np.float32]:
    """Input of the golden output."""
    return np.float32(2.0) * golden_input((1, 3, IMAGE_SIZE, IMAGE_SIZE)) - np.float32(1.0)


def _block(graph: GraphBuilder, tensors: dict[str, Array], prefix: str, x: str, stage: Stage, *, first: bool) -> str:
    """Widen, filter every channel on its own, narrow; add the input where the shape has stayed."""
    value = x
    if stage.expansion != 1:
        value = _convolve(graph, tensors, f"{prefix}._expand_conv", f"{prefix}._bn0", value)
    value = _convolve(
        graph,
        tensors,
        f"{prefix}._depthwise_conv",
        f"{prefix}._bn1",
        value,
        kernel=stage.kernel,
        stride=stage.stride if first else 1,
        depthwise=True,
    )
    value = _convolve(graph, tensors, f"{prefix}._project_conv", f"{prefix}._bn2", value, activate=False)
    return value if first else graph.node("Add", value, x)


def _convolve(
    graph: GraphBuilder,
    tensors: dict[str, Array],
    convolution: str,
    norm: str,
    value: str,
    *,
    kernel: int = 1,
    stride: int = 1,
    depthwise: bool = False,
    activate: bool = True,
) -> str:
    """A convolution without bias, "same" padding as TensorFlow has it, batch normalisation, ReLU6."""
    weights = tensors[f"{convolution}.weight"]
    groups = weights.shape[0] if depthwise else 1
    padding = kernel - stride if stride > 1 else kernel - 1  # every size that is halved here is even
    before = padding // 2
    pads = [before, before, padding - before, padding - before]
    value = graph.node("Conv", value, graph.constant(weights), strides=[stride, stride], pads=pads, group=groups)
    parts = ("weight", "bias", "running_mean", "running_var")
    value = graph.batch_norm(value, *(tensors[f"{norm}.{part}"] for part in parts))
    if not activate:
        return value
    return graph.node("Clip", value, graph.constant(0.0), graph.constant(6.0))
