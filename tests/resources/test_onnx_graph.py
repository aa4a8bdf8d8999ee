from pathlib import Path

import numpy as np
import pytest

from resources.embedded import weights
from resources.embedded.efficientnet_graph import golden_image
from resources.embedded.musicnn_graph import golden_log_mel
from resources.embedded.onnx_graph import GraphBuilder, check_golden, session
from resources.embedded.spleeter_graph import golden_magnitude
from resources.errors import ModelUnavailable, WeightsMissing


def write_doubler(path: Path) -> None:
    graph = GraphBuilder()
    value = graph.node("Mul", "x", graph.constant(2.0))
    graph.save(path, {"x": ["n"]}, value, "y", ["n"])


def test_the_same_graph_is_the_same_bytes_and_computes(tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        write_doubler(tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    (doubled,) = session(tmp_path / "a.onnx", threads=1).run(None, {"x": np.array([1, 2, 3], np.float32)})
    assert doubled.tolist() == [2, 4, 6]


def test_the_cached_graphs_compute_what_the_originals_compute() -> None:
    check_golden(weights.weight_path("spleeter-2stems"), golden_magnitude(), tolerance=1e-4)
    check_golden(weights.weight_path("musicnn-mtt"), golden_log_mel(), tolerance=1e-4)
    check_golden(weights.weight_path("musicnn-msd"), golden_log_mel(), tolerance=1e-4)
    check_golden(weights.weight_path("efficientnet-lite0"), golden_image(), tolerance=1e-4)


def test_a_graph_that_computes_something_else_is_found(tmp_path: Path) -> None:
    impostor = tmp_path / "musicnn-mtt.onnx"
    impostor.write_bytes(weights.weight_path("musicnn-msd").read_bytes())
    with pytest.raises(WeightsMissing, match=r"musicnn-mtt\.onnx is off its golden output"):
        check_golden(impostor, golden_log_mel())


def test_a_file_that_is_no_graph_is_the_models_fault(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelUnavailable, match=r"broken\.onnx"):
        session(tmp_path / "broken.onnx", threads=1)
