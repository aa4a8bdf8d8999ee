"""Whisper of any size with random weights, in CTranslate2's format: for what loads and runs, whatever it says."""

import json
import shutil
from pathlib import Path

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from resources.embedded.weights import weight_path

_TOKENS, _POSITIONS, _FRAMES = 51_865, 448, 1_500
_ACTIVE = 64


def write_random_whisper(folder: Path, *, mel_bands: int, width: int, layers: int) -> None:
    """Write a model folder; the tokens are those of the multilingual models up to large-v2.

    Args:
        folder: To make.
        mel_bands: 80, or 128 as in large-v3 and its turbo.
        width: Of all layers.
        layers: Of encoder and decoder each.
    """
    spec = ctranslate2.specs.WhisperSpec(layers, width // _ACTIVE, layers, width // _ACTIVE)
    random = np.random.default_rng(0)

    def weights(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.05, shape).astype(np.float32)

    spec.encoder.conv1.weight, spec.encoder.conv1.bias = weights(width, mel_bands, 3), weights(width)
    spec.encoder.conv2.weight, spec.encoder.conv2.bias = weights(width, width, 3), weights(width)
    spec.encoder.position_encodings.encodings = weights(_FRAMES, width)
    spec.decoder.position_encodings.encodings = weights(_POSITIONS, width)
    spec.decoder.embeddings.weight = weights(_TOKENS, width)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    norms = [spec.encoder.layer_norm, spec.decoder.layer_norm]
    for layer in [*spec.encoder.layer, *spec.decoder.layer]:
        attentions = [layer.self_attention, *([layer.attention] if hasattr(layer, "attention") else [])]
        norms += [part.layer_norm for part in (*attentions, layer.ffn)]
        _fill(layer.ffn.linear_0, weights(4 * width, width), weights(4 * width))
        _fill(layer.ffn.linear_1, weights(width, 4 * width), weights(width))
        for attention in attentions:
            # queries, keys and values: fused where they come from the same sequence, else queries apart
            rows = [3, 1] if attention is layer.self_attention else [1, 2, 1]
            for linear, times in zip(attention.linear, rows, strict=True):
                _fill(linear, weights(times * width, width), weights(times * width))
    for norm in norms:
        norm.gamma, norm.beta = np.ones(width, np.float32), weights(width)
    base = weight_path("whisper-base")
    spec.register_vocabulary(json.loads((base / "vocabulary.json").read_text()))
    settings = json.loads((base / "config.json").read_text())
    for name in ("suppress_ids", "suppress_ids_begin", "lang_ids"):
        setattr(spec.config, name, settings[name])
    spec.config.alignment_heads = [(layers - 1, 0)]
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
    shutil.copy(base / "tokenizer.json", folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": mel_bands}))


def _fill(
    linear: ctranslate2.specs.common_spec.LinearSpec, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> None:
    linear.weight, linear.bias = weight, bias
