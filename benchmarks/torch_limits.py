"""What a model on torch takes without the stage around it: its networks alone, its library, and one clip at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from fusionaudio_assets.stage import Job
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.clip_interrogator import ClipInterrogator, _middle
from resources.torch_models.demucs import Demucs
from resources.torch_models.device import imported
from resources.torch_models.hub_adapter import stretches

TorchModel = AudioSpectrogramTransformer | Clap | Demucs | ClipInterrogator
Call = Callable[[], object]


@contextmanager
def recorded(model: TorchModel) -> Iterator[list[Call]]:
    """Note in a block what a loaded adapter asks of its networks, so that it can be asked again, all inputs ready."""
    asked: list[Call] = []
    with ExitStack() as patches:
        for network, names in _networks(model):
            for name in names:
                method = getattr(network, name)
                patches.enter_context(mock.patch.object(network, name, partial(_noted, asked, method)))
        yield asked


def _networks(model: TorchModel) -> list[tuple[Any, Sequence[str]]]:
    """The networks of an adapter, and what it asks of them."""
    if isinstance(model, Demucs):
        return [(network, ["forward"]) for network, _ in model._network]
    if isinstance(model, Clap):
        return [(model._network, ["get_audio_features", "get_text_features"])]
    if isinstance(model, ClipInterrogator):
        return [(model._network, ["generate"]), (model._clip_network, ["get_image_features"])]
    return [(model._network, ["forward"])]


def _noted(asked: list[Call], method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    asked.append(partial(method, *arguments, **named))
    return method(*arguments, **named)


def ask_again(model: TorchModel, asked: Sequence[Call]) -> None:
    """Ask the networks what was recorded, and wait for the device."""
    with model._computing():
        for call in asked:
            call()
    if model._on == "cuda":
        imported("torch").cuda.synchronize()


def library(model: TorchModel, jobs: Sequence[Job], size: int) -> None:
    """What the model's own library does with ready arrays in batches of a size, its feature extraction included."""
    if isinstance(model, Demucs):
        _demucs(model, [job.prepared["at_rate"] for job in jobs], size)
    elif isinstance(model, Clap):
        _clap(model, [job.prepared for job in jobs], [job.inputs["caption"] for job in jobs], size)
    elif isinstance(model, ClipInterrogator):
        _pictures(model, [frame.pixels for job in jobs for frame in job.prepared], size)
    else:
        _classified(model, [job.prepared["tagger"] for job in jobs], size)


def alone(model: TorchModel) -> Callable[[Job], object]:
    """What the model's own library does with one clip."""
    if isinstance(model, Demucs):
        separator = imported("demucs.api").Separator(
            model.model, repo=Path(model.repository), device=model._on, shifts=0, overlap=model.overlap
        )
        return lambda job: separator.separate_tensor(imported("torch").from_numpy(job.prepared["at_rate"]))
    return lambda job: library(model, [job], 1)


def _demucs(model: Demucs, mixtures: Sequence[Any], size: int) -> None:
    torch, apply_model = imported("torch"), imported("demucs.apply").apply_model
    with model._computing():
        for batch in _batches(mixtures, size):
            inputs = model._moved(torch.from_numpy(np.stack(batch)))
            for network, _ in model._network:
                apply_model(network, inputs, shifts=0, overlap=model.overlap, device=model._on).cpu()


def _classified(model: AudioSpectrogramTransformer, clips: Sequence[Any], size: int) -> None:
    longest = round(model.longest_s * model.sample_rate_hz)
    pieces = [clip[cut] for clip in clips for cut in (*stretches(len(clip), longest), *model._windows(len(clip)))]
    with model._computing():
        for batch in _batches(pieces, size):
            inputs = model._extractor(batch, sampling_rate=model.sample_rate_hz, return_tensors="pt")
            model._network(**inputs.to(model._on)).logits.sigmoid().cpu()


def _clap(model: Clap, clips: Sequence[Any], captions: Sequence[str], size: int) -> None:
    extractor = imported("transformers").ClapFeatureExtractor.from_pretrained(model.model)
    with model._computing():
        for batch in _batches([*zip(clips, captions, strict=True)], size):
            heard, said = zip(*batch, strict=True)
            sound = extractor(list(heard), sampling_rate=model.sample_rate_hz, return_tensors="pt")
            cut = {"padding": True, "truncation": True, "max_length": model.max_tokens}
            text = model._tokenizer(list(said), **cut, return_tensors="pt")
            model._network(**text.to(model._on), **sound.to(model._on)).logits_per_audio.cpu()


def _pictures(model: ClipInterrogator, pictures: Sequence[Any], size: int) -> None:
    for_blip, for_clip, tokenizer = model._parts
    with model._computing():
        for batch in _batches(pictures, size):
            shown = for_blip([Image.fromarray(picture) for picture in batch], return_tensors="pt").to(model._on)
            tokens = model._network.generate(**shown, max_new_tokens=model.max_new_tokens, num_beams=1, do_sample=False)
            tokenizer.batch_decode(tokens, skip_special_tokens=True)
            shown = for_clip([_middle(picture) for picture in batch], return_tensors="pt").to(model._on)
            model._clip_network.get_image_features(**shown).pooler_output.cpu()


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
