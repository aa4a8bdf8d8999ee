"""What is seen in key frames, in the manner of clip-interrogator: BLIP writes a caption, CLIP ranks labels beside it.

Li et al., "BLIP: Bootstrapping Language-Image Pre-training for Unified Vision-Language Understanding and Generation",
ICML 2022; Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.

Not the package of that name: that takes one picture at a time, with weights that it cannot pin, and its labels are of
artists and styles. Here they are AudioSet's classes unless a file gives others: what may be heard where it is seen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from resources.adapter import Json
from resources.embedded.onnx_graph import answering
from resources.errors import SettingError
from resources.hub import Checkpoint, Commit
from resources.image_describer import ImageDescriber, SeenFrame, VisualDescription
from resources.load_time import loads
from resources.media import KeyFrame
from resources.music_describer import Labelled
from resources.ontology import load_ontology
from resources.torch_models.ahead import Ahead
from resources.torch_models.device import imported
from resources.torch_models.hub_adapter import HubAdapter

_LABEL_TEXT = "a photo of {}."
_UNSEEN = ("Silence",)
_MOST_LABELS = 5

Pixels = NDArray[np.uint8]
"""``(height, width, 3)``, RGB."""


@dataclass(frozen=True)
class _Scaled:
    """A picture as each network wants it, ``(3, height, width) uint8``: a quarter of what the networks are given."""

    for_blip: NDArray[np.uint8]
    for_clip: NDArray[np.uint8]


class ClipInterrogator(HubAdapter, ImageDescriber):
    """BLIP's captions and CLIP's labels of key frames, in batches over all clips.

    Example profile entry::

        describer: {adapter: resources.torch_models.clip_interrogator.ClipInterrogator,
                    model: Salesforce/blip-image-captioning-large, hub_revision: COMMIT,
                    clip_model: openai/clip-vit-large-patch14, clip_revision: COMMIT}
    """

    clip_model: str = Field(description="Name of CLIP on the hub, or a folder in the same format.")
    clip_revision: Commit = Field("", description="Commit of CLIP on the hub, 40 hexadecimal digits.")
    labels: str = Field("", description="File with a label a line, from the root on; empty for AudioSet's classes.")
    floor: float = Field(0.1, ge=0, le=1, description="Least probability of a label among all that is named.")
    max_new_tokens: int = Field(32, ge=1, description="Longest caption of a picture.")

    @property
    def model_name(self) -> str:
        """Both names."""
        return f"{super().model_name}+{Path(self.clip_model).name}"

    @property
    def revision(self) -> str:
        """Those of both."""
        return "+".join(checkpoint.revision for checkpoint in self.checkpoints)

    @property
    def identity(self) -> dict[str, Json]:
        """That of its settings, and the SHA-256 of the labels."""
        return super().identity | {"labels_sha256": hashlib.sha256("\n".join(self._labels).encode()).hexdigest()}

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """BLIP and CLIP."""
        return self._checkpoint, self._clip

    @property
    def _clip(self) -> Checkpoint:
        return Checkpoint(self.clip_model, self.clip_revision, setting="clip_model", commit_setting="clip_revision")

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        """What CLIP is asked for.

        Raises:
            SettingError: The file cannot be read, is empty or is named by a relative path.
        """
        if not self.labels:
            return tuple(name for name in load_ontology().names if name not in _UNSEEN)
        if not Path(self.labels).is_absolute():  # terminal and daemon start in different folders
            raise SettingError(f"`labels` = {self.labels!r} is a relative path.", hint="Give it from the root on.")
        try:
            lines = Path(self.labels).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"The file {self.labels} cannot be read: {error}.", hint="Correct `labels`.") from error
        labels = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
        if not labels:
            raise SettingError(f"The file {self.labels} holds no label.", hint="Correct `labels`.")
        return labels

    @cached_property
    @loads
    def _network(self) -> Any:
        return self._loaded_network("BlipForConditionalGeneration")

    @cached_property
    @loads
    def _clip_network(self) -> Any:
        return self._loaded_network("CLIPModel", self._clip)

    @cached_property
    @loads
    def _parts(self) -> tuple[Any, Any, Any]:
        """What prepares pictures for BLIP and for CLIP, and reads BLIP's tokens.

        Always by Pillow: with torchvision installed transformers would give other pixels than without.
        """
        return (
            self._part("BlipImageProcessorPil"),
            self._part("CLIPImageProcessorPil", self._clip),
            self._part("AutoTokenizer"),
        )

    @cached_property
    @loads
    def _label_vectors(self) -> NDArray[np.float32]:
        """``(labels, dimensions)`` of length 1."""
        texts = [_LABEL_TEXT.format(label.lower()) for label in self._labels]
        return _unit(self._batches.compute(self._text_vectors, texts))

    def load(self) -> None:
        """Load both networks onto their device, and embed the labels."""
        _ = self._parts, self._network, self._label_vectors

    def probe(self) -> None:
        """Look at a grey picture."""
        grey = KeyFrame.of(Image.new("RGB", (64, 64), (127, 127, 127)), 0.0)
        with answering(self.model_name):
            self.describe([[grey]])
            if not np.isfinite(self._label_vectors).all():
                raise ValueError("the vectors of the labels are not finite")

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        """Describe the key frames of each clip; all frames go through the networks in batches."""
        self.load()
        pictures = [self._scaled.of(frame.pixels) for frames in clips for frame in frames]
        captions = iter(self._batches.compute(self._captions, pictures))
        vectors = iter(self._batches.compute(self._picture_vectors, pictures))
        return [self._described(frames, [(next(captions), next(vectors)) for _ in frames]) for frames in clips]

    def ahead(self, frame: KeyFrame) -> None:
        """Scale a picture; see `ImageDescriber.ahead`."""
        self._scaled.extract(frame.pixels)

    @cached_property
    def _scaled(self) -> Ahead[_Scaled]:
        return Ahead(self._scale)

    def _scale(self, picture: Pixels) -> _Scaled:
        for_blip, for_clip, _ = self._parts
        levels = {"do_rescale": False, "do_normalize": False, "return_tensors": "np"}  # those are set on the device
        whole, middle = Image.fromarray(picture), _middle(picture)
        return _Scaled(for_blip(whole, **levels)["pixel_values"][0], for_clip(middle, **levels)["pixel_values"][0])

    def _described(
        self, frames: Sequence[KeyFrame], found: Sequence[tuple[str, NDArray[np.float32]]]
    ) -> VisualDescription:
        times = [frame.time_s for frame in frames]
        seen = [SeenFrame(time_s, self._named(vector)) for time_s, (_, vector) in zip(times, found, strict=True)]
        captions = [caption for caption, _ in found]
        return VisualDescription(tuple(seen), _in_order(times, captions))

    def _named(self, vector: NDArray[np.float32]) -> tuple[Labelled, ...]:
        """The labels at or above the floor, best first."""
        scale = self._clip_network.logit_scale.exp().item()
        probabilities = scipy.special.softmax(scale * (self._label_vectors @ vector))
        best = np.argsort(-probabilities, kind="stable")[:_MOST_LABELS]
        return tuple(
            Labelled(self._labels[index].lower(), min(float(probabilities[index]), 1.0))
            for index in best
            if probabilities[index] >= self.floor
        )

    def _captions(self, pictures: Sequence[_Scaled]) -> list[str]:
        processor, _, tokenizer = self._parts
        pixels = self._levelled(processor, [picture.for_blip for picture in pictures])
        with self._computing():
            tokens = self._network.generate(
                pixel_values=pixels,
                max_new_tokens=self.max_new_tokens,
                num_beams=1,
                do_sample=False,
            )
        return [" ".join(text.split()) for text in tokenizer.batch_decode(tokens, skip_special_tokens=True)]

    def _picture_vectors(self, pictures: Sequence[_Scaled]) -> list[NDArray[np.float32]]:
        _, processor, _ = self._parts
        pixels = self._levelled(processor, [picture.for_clip for picture in pictures])
        with self._computing():
            answer = self._clip_network.get_image_features(pixel_values=pixels)
        return list(_unit(answer.pooler_output.float().cpu().numpy()))

    def _levelled(self, processor: Any, pictures: Sequence[NDArray[np.uint8]]) -> Any:
        """A batch on the device, at the levels that a processor sets: ``(pictures, 3, height, width) float32``."""
        torch = imported("torch")
        pixels = self._moved(torch.from_numpy(np.stack(pictures))).float()
        if processor.do_rescale:
            pixels *= processor.rescale_factor
        if processor.do_normalize:
            mean, std = (pixels.new_tensor(of)[:, None, None] for of in (processor.image_mean, processor.image_std))
            pixels = (pixels - mean) / std
        return pixels

    def _text_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        tokenizer = self._part("AutoTokenizer", self._clip)
        tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        inputs = {name: self._moved(value) for name, value in tokens.items()}
        with self._computing():
            return list(self._clip_network.get_text_features(**inputs).pooler_output.float().cpu().numpy())


def _middle(picture: Pixels) -> Image.Image:
    """The square in the middle, which is all that CLIP is shown; cut first, or a long strip would grow huge."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return Image.fromarray(picture[top : top + side, left : left + side])


def _in_order(times_s: Sequence[float], captions: Sequence[str]) -> str:
    """The captions with their times, one that stays the same once."""
    told = []
    for caption, run in groupby(zip(times_s, captions, strict=True), key=lambda pair: pair[1]):
        time_s, _ = next(run)
        if caption:
            told.append(f"At {time_s:.1f} s: {caption.rstrip('.')}.")
    return " ".join(told)


def _unit(vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to length 1."""
    array = np.asarray(vectors, np.float32)
    unit: NDArray[np.float32] = array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-9)
    return unit
