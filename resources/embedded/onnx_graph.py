"""Small helper to write inference graphs in ONNX, and the check that a written graph computes what it must."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from resources.errors import ModelUnavailable, WeightsMissing

Array = NDArray[Any]
_OPSET = 18
_IR_VERSION = 9
"""Both written by every onnx and read by every onnxruntime that the dependencies allow."""


class GraphBuilder:
    """Collects nodes and constants; values are named by their number, so that the same calls give the same bytes."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: Array | float | Sequence[float]) -> str:
        """Add a constant; Python floats become float32, as the graphs are."""
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and return its name."""
        output = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def batch_norm(
        self, value: str, gamma: Array, beta: Array, mean: Array, variance: Array, *, epsilon: float = 1e-3
    ) -> str:
        """Add an inference batch normalisation over axis 1."""
        constants = [self.constant(array) for array in (gamma, beta, mean, variance)]
        return self.node("BatchNormalization", value, *constants, epsilon=epsilon)

    def save(
        self, path: Path, inputs: dict[str, list[int | str]], output: str, output_name: str, shape: list[int | str]
    ) -> None:
        """Write the graph.

        Args:
            path: The file to write.
            inputs: Shape of each float32 input; a string is a free dimension.
            output: The value that the graph returns.
            output_name: What the graph calls it.
            shape: Its shape.
        """
        nodes = [*self._nodes, helper.make_node("Identity", [output], [output_name])]
        graph = helper.make_graph(
            nodes,
            "main",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()],
            [helper.make_tensor_value_info(output_name, TensorProto.FLOAT, shape)],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        onnx.save_model(model, path)


def session(path: Path, threads: int) -> ort.InferenceSession:
    """Open a graph on the CPU; `threads` of 0 means as many as there are cores.

    Raises:
        ModelUnavailable: onnxruntime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    with answering(path.name):
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@contextmanager
def answering(model: str) -> Iterator[None]:
    """Turn whatever a runtime raises into the fault of `model`: onnxruntime's errors share no base class."""
    try:
        yield
    except ModelUnavailable:
        raise
    except Exception as error:
        raise ModelUnavailable(f"{model} does not answer as it must: {error}") from error


def golden_input(shape: Sequence[int]) -> NDArray[np.float32]:
    """Numbers in [0, 1) that every version of numpy makes alike (`RandomState` is frozen by NEP 19)."""
    return np.random.RandomState(2024).random_sample(tuple(shape)).astype(np.float32)


def golden_sample(output: Array) -> NDArray[np.float32]:
    """At most about 1,000 values, spread over the whole of an output."""
    flat = output.ravel()
    return flat[:: max(1, flat.size // 1009)].astype(np.float32)


def relative_error(found: Array, expected: Array) -> float:
    """99th percentile of the absolute differences, as a share of the largest expected value."""
    return float(np.quantile(np.abs(found - expected), 0.99) / np.abs(expected).max())


@cache
def _goldens() -> dict[str, NDArray[np.float32]]:
    with (resources.files(__package__) / "goldens.npz").open("rb") as stream, np.load(stream) as stored:
        return dict(stored)


def check_golden(path: Path, inputs: NDArray[np.float32], *, tolerance: float = 1e-3) -> None:
    """Compare a converted graph with the outputs of the original architecture, run in torch.

    ``tests/gpu/test_conversion_golden.py`` holds that architecture and made ``goldens.npz``.

    Args:
        path: The graph; its stem is the key of the golden output.
        inputs: What the golden output was computed from.
        tolerance: Largest `relative_error` allowed.

    Raises:
        WeightsMissing: They differ.
    """
    opened = session(path, threads=0)
    found = golden_sample(np.asarray(opened.run(None, {opened.get_inputs()[0].name: inputs})[0]))
    golden = _goldens()[path.stem]
    # a mask is the quotient of two powers: where both are next to nothing, rounding decides a value here and there
    error = relative_error(found, golden) if found.shape == golden.shape else np.inf
    if not error <= tolerance:
        raise WeightsMissing(f"The converted graph {path.name} is off its golden output by {error:.1e}.")
