"""The converted graphs against the original architectures in torch, on whole outputs and the stored samples."""

import numpy as np
import pytest

from resources.embedded import weights
from resources.embedded.onnx_graph import golden_sample, relative_error, session
from tests.gpu import original_architectures as originals

NAMES = ("spleeter-2stems", "musicnn-mtt", "musicnn-msd", "efficientnet-lite0")


@pytest.mark.parametrize("name", NAMES)
def test_graph_and_original_agree(name: str) -> None:
    expected = originals.golden_outputs(name)
    graph = session(weights.weight_path(name), threads=0)
    inputs = {graph.get_inputs()[0].name: originals.golden_input(name)}
    assert relative_error(graph.run(None, inputs)[0], expected) < 1e-5
    with np.load(originals.GOLDENS) as stored:
        assert relative_error(stored[name], golden_sample(expected)) < 1e-5
