"""musicnn's tagger as an ONNX graph from log-mel patches to the scores of 50 tags.

Architecture: Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", LBD-ISMIR
2019. All values here are (patches, channels, time) once the filters have spanned the frequency axis.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources.embedded.onnx_graph import Array, GraphBuilder, check_golden, golden_input
from resources.embedded.tf_checkpoint import read_checkpoint

PATCH_FRAMES = 187
"""Three seconds at 16 kHz with a hop of 256 samples."""
MELS = 96
TAGS = 50

_TIMBRAL_FILTERS = 2
_TEMPORAL_FILTERS = 3
_DENSE_LAYERS = 3


def convert(folder: Path, target: Path) -> None:
    """Write the graph of the checkpoint ``model.*`` in `folder`.

    Input ``log_mel``: ``(patches, 187, 96) float32``, log10(1 + 10,000 · mel power). Output ``scores``:
    ``(patches, 50)`` in [0, 1].
    """
    tensors = read_checkpoint(folder / "model")
    graph = GraphBuilder()
    numbers = {"conv2d": 0, "batch_normalization": 0, "dense": 0}

    def take(layer: str, *parts: str) -> list[Array]:
        """Tensors of the next layer of a kind: the checkpoint numbers layers in the order they were made."""
        number = numbers[layer]
        numbers[layer] += 1
        return [tensors[f"{layer}_{number}/{part}" if number else f"{layer}/{part}"] for part in parts]

    def normalise(value: str) -> str:
        return graph.batch_norm(value, *take("batch_normalization", "gamma", "beta", "moving_mean", "moving_variance"))

    value = graph.node("Unsqueeze", "log_mel", graph.constant(np.array([1])))
    value = _front_end(graph, take, normalise, normalise(value))
    value = _back_end(graph, take, normalise, _middle(graph, take, normalise, value))
    shape: list[int | str] = ["patches", PATCH_FRAMES, MELS]
    graph.save(target, {"log_mel": shape}, value, "scores", ["patches", TAGS])
    check_golden(target, golden_log_mel())


def golden_log_mel() -> NDArray[np.float32]:
    """Input of the golden output."""
    return np.float32(4.0) * golden_input((1, PATCH_FRAMES, MELS))


def _front_end(graph: GraphBuilder, take: Callable[..., list[Array]], normalise: Callable[[str], str], x: str) -> str:
    """Tall filters for timbre, long ones for rhythm; the strongest answer over frequency is kept."""
    outputs = []
    for _ in range(_TIMBRAL_FILTERS + _TEMPORAL_FILTERS):
        kernel, bias = take("conv2d", "kernel", "bias")
        length = kernel.shape[0]
        before = (length - 1) // 2
        value = graph.node(
            "Conv",
            x,
            graph.constant(kernel.transpose(3, 2, 0, 1)),
            graph.constant(bias),
            pads=[before, 0, length - 1 - before, 0],
        )
        value = normalise(graph.node("Relu", value))
        outputs.append(graph.node("ReduceMax", value, graph.constant(np.array([3])), keepdims=0))
    return graph.node("Concat", *outputs, axis=1)


def _middle(graph: GraphBuilder, take: Callable[..., list[Array]], normalise: Callable[[str], str], x: str) -> str:
    """Three convolutions over time, two of them residual, all kept."""
    outputs, value = [x], x
    for layer in range(_DENSE_LAYERS):
        kernel, bias = take("conv2d", "kernel", "bias")  # (time, channels in, 1, channels out)
        weights = graph.constant(kernel[:, :, 0, :].transpose(2, 1, 0))
        convolved = normalise(graph.node("Relu", graph.node("Conv", value, weights, graph.constant(bias), pads=[3, 3])))
        value = graph.node("Add", convolved, value) if layer else convolved
        outputs.append(value)
    return graph.node("Concat", *outputs, axis=1)


def _back_end(graph: GraphBuilder, take: Callable[..., list[Array]], normalise: Callable[[str], str], x: str) -> str:
    """Maximum and mean over time, a hidden layer, the scores."""
    time = graph.constant(np.array([2]))
    pooled = [graph.node(op, x, time, keepdims=1) for op in ("ReduceMax", "ReduceMean")]
    value = normalise(graph.node("Flatten", graph.node("Concat", *pooled, axis=2)))
    for last in (False, True):
        kernel, bias = take("dense", "kernel", "bias")
        value = graph.node("Gemm", value, graph.constant(kernel), graph.constant(bias))
        value = graph.node("Sigmoid", value) if last else normalise(graph.node("Relu", value))
    return value
