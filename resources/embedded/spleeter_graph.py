"""Spleeter's two U-Nets as one ONNX graph from magnitudes to the mask of the vocals.

Architecture: Hennequin et al., "Spleeter: a fast and efficient music source separation tool with pre-trained models",
JOSS 2020; Jansson et al., "Singing voice separation with deep U-Net convolutional networks", ISMIR 2017.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources.embedded.onnx_graph import Array, GraphBuilder, check_golden, golden_input
from resources.embedded.tf_checkpoint import read_checkpoint

BINS = 1024
"""Bins of the spectrum that the networks see; at 44.1 kHz and 4,096 samples the first 11 kHz."""
FRAME_MULTIPLE = 64
"""Six halvings: the number of frames must be a multiple."""

_LEVELS = 6
_SAME = [1, 1, 2, 2]
"""TensorFlow's "same" padding of a 5x5 kernel with stride 2 on even sizes: one before, two after."""
_EPSILON = 1e-10


def convert(folder: Path, target: Path) -> None:
    """Write the graph of the checkpoint ``model.*`` in `folder`.

    Input ``magnitude``: ``(tiles, 2, frames, 1024) float32``, linear magnitudes of both channels. Output
    ``vocals_mask``: the same shape, in [0, 1].
    """
    tensors = read_checkpoint(folder / "model")
    graph = GraphBuilder()
    power = [
        graph.node("Mul", masked, masked)
        for masked in (_unet(graph, tensors, source, "magnitude") for source in (0, 1))
    ]
    total = graph.node("Add", graph.node("Add", *power), graph.constant(_EPSILON))
    mask = graph.node("Div", graph.node("Add", power[0], graph.constant(_EPSILON / 2)), total)
    shape: list[int | str] = ["tiles", 2, "frames", BINS]
    graph.save(target, {"magnitude": shape}, mask, "vocals_mask", shape)
    check_golden(target, golden_magnitude())


def golden_magnitude() -> NDArray[np.float32]:
    """Input of the golden output: the harmonics of a wavering voice, so that the mask takes all values."""
    random = golden_input((1, 2, 2 * FRAME_MULTIPLE, BINS))
    bins = np.arange(BINS)
    pitch = 22 + 4 * np.sin(2 * np.pi * np.arange(2 * FRAME_MULTIPLE) / 32)
    harmonics = np.maximum(0, np.cos(2 * np.pi * bins / pitch[:, None])) ** 8 * np.exp(-bins / 150)
    magnitude: NDArray[np.float64] = 100 * harmonics * (0.2 + random)
    return magnitude.astype(np.float32)


def _unet(graph: GraphBuilder, tensors: dict[str, Array], source: int, magnitude: str) -> str:
    """One source's U-Net: six halvings and six doublings with skips, a mask, and the mask times the input."""

    def get(layer: str, number: int, tensor: str) -> Array:
        return tensors[f"{layer}_{number}/{tensor}" if number else f"{layer}/{tensor}"]

    def convolve(op: str, layer: str, number: int, value: str, **attributes: object) -> str:
        # TensorFlow stores (height, width, in, out) and transposed (height, width, out, in)
        kernel = graph.constant(get(layer, number, "kernel").transpose(3, 2, 0, 1))
        return graph.node(op, value, kernel, graph.constant(get(layer, number, "bias")), **attributes)

    def normalise(number: int, value: str) -> str:
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        return graph.batch_norm(value, *(get("batch_normalization", number, part) for part in parts))

    convs, deconvs, norms = 7 * source, 6 * source, 12 * source
    skips, value = [], magnitude
    for level in range(_LEVELS):
        skips.append(convolve("Conv", "conv2d", convs + level, value, strides=[2, 2], pads=_SAME))
        value = graph.node("LeakyRelu", normalise(norms + level, skips[-1]), alpha=0.2)
    value = skips.pop()  # the deepest level goes up as it is, without normalisation
    for level in range(_LEVELS):
        value = convolve("ConvTranspose", "conv2d_transpose", deconvs + level, value, strides=[2, 2], pads=_SAME)
        value = normalise(norms + _LEVELS + level, graph.node("Relu", value))
        if skips:
            value = graph.node("Concat", skips.pop(), value, axis=1)
    mask = convolve("Conv", "conv2d", convs + _LEVELS, value, dilations=[2, 2], pads=[3, 3, 3, 3])
    return graph.node("Mul", graph.node("Sigmoid", mask), magnitude)
