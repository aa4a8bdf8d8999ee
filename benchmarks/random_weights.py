"""Checkpoints of the published architectures in full size; random weights compute as much as trained ones."""

from fractions import Fraction
from pathlib import Path

import torch
from demucs.htdemucs import HTDemucs
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    ClapConfig,
    ClapModel,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
)

from resources.ontology import load_ontology
from tests.gpu import checkpoints

AUDIOSET_CLASSES = 527


def write_demucs(folder: Path, *, small: bool) -> str:
    """Write ``random.th``, shaped as a network of `htdemucs` unless `small`; the name of the model."""
    if small:
        checkpoints.write_demucs(folder, "random")
        return "random"
    torch.manual_seed(0)
    network = HTDemucs(sources=list(checkpoints.SOURCES), bottom_channels=512, segment=Fraction(39, 5))
    args, kwargs = network._init_args_kwargs
    state = {name: value.half() for name, value in network.state_dict().items()}
    torch.save({"klass": HTDemucs, "args": args, "kwargs": kwargs, "state": state}, folder / "random.th")
    return "random"


def write_ast(folder: Path, *, small: bool) -> None:
    """Write a checkpoint, shaped as ``ast-finetuned-audioset-10-10-0.4593`` unless `small`."""
    ontology = load_ontology()
    labels = [name for name in ontology.names if not ontology[name].abstract][: 20 if small else AUDIOSET_CLASSES]
    if small:
        checkpoints.write_ast(folder, labels)
        return
    torch.manual_seed(0)
    names = dict(enumerate(labels))
    config = ASTConfig(id2label=names, label2id={label: index for index, label in names.items()})
    ASTForAudioClassification(config).save_pretrained(folder)
    ASTFeatureExtractor().save_pretrained(folder)


def write_clap(folder: Path, *, small: bool) -> None:
    """Write a checkpoint, shaped as ``clap-htsat-unfused`` unless `small`; its tokens are bytes."""
    checkpoints.write_clap(folder)
    if not small:
        torch.manual_seed(0)
        ClapModel(ClapConfig()).save_pretrained(folder)


def write_blip(folder: Path, *, small: bool) -> None:
    """Write a checkpoint, shaped as ``blip-image-captioning-base`` unless `small`; its captions end by their length."""
    checkpoints.write_blip(folder)
    if small:
        return
    torch.manual_seed(0)
    config = BlipConfig(vision_config={"image_size": 384}, image_text_hidden_size=256)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 384, "width": 384}).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"word{index}" for index in range(4, config.text_config.vocab_size))]
    BertTokenizer(vocab={word: index for index, word in enumerate(words)}).save_pretrained(folder)


def write_clip(folder: Path, *, small: bool) -> None:
    """Write a checkpoint, shaped as ``clip-vit-base-patch32`` unless `small`; its tokens are bytes."""
    checkpoints.write_clip(folder)
    if not small:
        torch.manual_seed(0)
        CLIPModel(CLIPConfig()).save_pretrained(folder)
        CLIPImageProcessorPil().save_pretrained(folder)
