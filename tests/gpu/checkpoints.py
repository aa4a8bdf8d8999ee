"""Checkpoints of the real architectures, small, with random weights, in the formats of the published ones."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from demucs.htdemucs import HTDemucs
from numpy.typing import NDArray
from safetensors.torch import save_file
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
    RobertaTokenizer,
)

SOURCES = ("drums", "bass", "other", "vocals")
SEGMENT_S = 2


def write_demucs(folder: Path, signature: str, seed: int = 0, **other: Any) -> None:
    """Write ``SIGNATURE.th`` as Demucs does: the class, its arguments and its weights in half precision."""
    torch.manual_seed(seed)
    network = HTDemucs(sources=list(SOURCES), channels=8, segment=Fraction(SEGMENT_S), t_layers=1, **other)
    args, kwargs = network._init_args_kwargs
    state = {name: value.half() for name, value in network.state_dict().items()}
    torch.save({"klass": HTDemucs, "args": args, "kwargs": kwargs, "state": state}, folder / f"{signature}.th")


def write_safe_demucs(folder: Path, signature: str, seed: int = 0, **told: str) -> None:
    """Write ``SIGNATURE.safetensors`` as Demucs' models on the hub are: class and arguments as JSON in the metadata."""
    torch.manual_seed(seed)
    network = HTDemucs(sources=list(SOURCES), channels=8, segment=Fraction(SEGMENT_S), t_layers=1)
    args, kwargs = network._init_args_kwargs

    def plain(value: Any) -> Any:
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}

    metadata = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": json.dumps(args, default=plain),
        "kwargs": json.dumps(kwargs, default=plain),
    }
    state = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(state, folder / f"{signature}.safetensors", metadata | told)


def write_bag(folder: Path, name: str, signatures: Sequence[str], weights: list[list[float]] | None = None) -> None:
    """Write ``NAME.yaml``."""
    bag = {"models": list(signatures)} | ({"weights": weights} if weights else {})
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(bag))


def write_ast(folder: Path, labels: Sequence[str], sampling_rate: int = 16_000) -> None:
    """Write an Audio Spectrogram Transformer with these labels."""
    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        time_stride=16,
        frequency_stride=16,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        initializer_range=0.2,
    )
    ASTForAudioClassification(config).save_pretrained(folder)
    ASTFeatureExtractor(sampling_rate=sampling_rate).save_pretrained(folder)


def write_clap(folder: Path, *, fused: bool = False) -> None:
    """Write a CLAP whose tokens are bytes and that reads 38 of them; `fused` as ``clap-htsat-fused`` is."""
    torch.manual_seed(0)
    text = {
        "vocab_size": 300,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 40,
        "initializer_range": 0.2,
    }
    audio = {
        "patch_embeds_hidden_size": 16,
        "hidden_size": 128,
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [2, 2, 2, 2],
        "projection_hidden_size": 128,
        "enable_fusion": fused,
    }
    ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=32)).save_pretrained(folder)
    ClapFeatureExtractor(truncation="fusion" if fused else "rand_trunc").save_pretrained(folder)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *_byte_characters()]
    vocab = {token: index for index, token in enumerate(tokens)}
    RobertaTokenizer(vocab=vocab, merges=[]).save_pretrained(folder)


def write_blip(folder: Path) -> None:
    """Write a BLIP that writes captions of the words of `_WORDS`."""
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    ends = {"bos_token_id": 4, "eos_token_id": 3, "pad_token_id": 0, "sep_token_id": 3}
    text = size | ends | {"vocab_size": len(_WORDS), "encoder_hidden_size": 32, "initializer_range": 1.0}
    vision = size | {"image_size": 32, "patch_size": 8, "initializer_range": 0.5}
    BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=vision, projection_dim=32, initializer_range=0.5)
    ).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    BertTokenizer(vocab={word: index for index, word in enumerate(_WORDS)}).save_pretrained(folder)


_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", "a", "dog", "man", "on", "the", "grass", "car", "red", "runs"]


def write_clip(folder: Path) -> None:
    """Write a CLIP whose tokens are bytes."""
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    characters = _byte_characters()
    tokens = [*characters, *(f"{character}</w>" for character in characters), "<|startoftext|>", "<|endoftext|>"]
    ends = {"bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1, "pad_token_id": len(tokens) - 1}
    text = size | ends | {"vocab_size": len(tokens), "max_position_embeddings": 40}
    vision = size | {"image_size": 32, "patch_size": 8}
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=32)).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    vocab = {token: index for index, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocab, merges=[], model_max_length=40).save_pretrained(folder)


def _byte_characters() -> list[str]:
    """The characters that stand for the 256 bytes in GPT-2's vocabulary."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return list(bytes_to_unicode().values())


def out_of_memory_above(most: int, function: Callable[..., Any], size: Callable[..., int]) -> Callable[..., Any]:
    """The function on a device whose memory holds `most` inputs at a time."""

    def limited(*args: Any, **kwargs: Any) -> Any:
        if size(*args, **kwargs) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return function(*args, **kwargs)

    return limited


def noise(samples: int, channels: int = 0, seed: int = 0) -> NDArray[np.float32]:
    """``(samples,)`` or ``(channels, samples)`` of white noise at a tenth of full scale."""
    shape = (channels, samples) if channels else (samples,)
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)
