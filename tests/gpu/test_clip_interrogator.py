"""BLIP and CLIP through transformers' real loading code, small, with random weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from resources.errors import ModelUnavailable, SettingError, WeightsMissing
from resources.image_describer import ImageDescriber
from resources.media import KeyFrame
from resources.torch_models.clip_interrogator import ClipInterrogator, _middle
from tests.contracts.test_image_describers import DescriberContract
from tests.gpu.checkpoints import out_of_memory_above, write_ast, write_blip, write_clip

LABELS = ["Dog", "Car", "Rain", "Piano"]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("hub")
    write_blip(folder / "small-blip")
    write_clip(folder / "small-clip")
    return folder / "small-blip", folder / "small-clip"


@pytest.fixture(scope="module")
def make(checkpoints: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ClipInterrogator]:
    blip, clip = checkpoints
    labels = tmp_path_factory.mktemp("labels") / "labels.txt"
    labels.write_text("\n".join([*LABELS, "", "Dog"]))

    def made(**changes: Any) -> ClipInterrogator:
        settings = {"model": str(blip), "clip_model": str(clip), "labels": str(labels), "device": "cpu"}
        return ClipInterrogator(**(settings | changes))

    return made


class TestClipInterrogator(DescriberContract):
    @pytest.fixture(scope="class", params=["few", "audioset"])
    @classmethod
    def describer(cls, request: pytest.FixtureRequest, make: Callable[..., ClipInterrogator]) -> ImageDescriber:
        return make() if request.param == "few" else make(labels="", floor=0.0)


def frames(*sizes: tuple[int, int]) -> list[KeyFrame]:
    rng = np.random.default_rng(3)
    return [
        KeyFrame.of(Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)), 2.5 * index)
        for index, size in enumerate(sizes)
    ]


def test_captions_and_probabilities_are_those_of_the_library(make: Callable[..., ClipInterrogator]) -> None:
    describer = make(floor=0.0)
    (frame,) = frames((48, 48))  # a square, so that nothing is cut
    (seen,) = describer.describe([[frame]])
    blip_pixels, clip_pixels, tokenizer = describer._parts
    picture = Image.fromarray(frame.pixels)
    with torch.inference_mode():
        tokens = describer._network.generate(**blip_pixels(picture, return_tensors="pt"), max_new_tokens=32)
        texts = describer._part("AutoTokenizer", describer._clip)(
            [f"a photo of {label.lower()}." for label in LABELS], padding=True, return_tensors="pt"
        )
        logits = describer._clip_network(**texts, **clip_pixels(picture, return_tensors="pt")).logits_per_image
    caption = tokenizer.decode(tokens[0], skip_special_tokens=True)
    assert caption
    assert seen.description == f"At 0.0 s: {caption}."
    expected = dict(zip([label.lower() for label in LABELS], logits.softmax(dim=1)[0].tolist(), strict=True))
    assert {label.label: label.score for label in seen.frames[0].labels} == pytest.approx(expected, abs=1e-5)


def test_pictures_are_scaled_ahead_and_reach_the_networks_as_the_library_gives_them(
    make: Callable[..., ClipInterrogator], monkeypatch: pytest.MonkeyPatch
) -> None:
    describer, seen = make(), frames((48, 64), (20, 90))
    for_blip, for_clip, _ = describer._parts
    scaled = [describer._scaled.of(frame.pixels) for frame in seen]
    for processor, ours, pictures in (
        (for_blip, [one.for_blip for one in scaled], [Image.fromarray(frame.pixels) for frame in seen]),
        (for_clip, [one.for_clip for one in scaled], [_middle(frame.pixels) for frame in seen]),
    ):
        expected = processor(pictures, return_tensors="pt")["pixel_values"]
        torch.testing.assert_close(describer._levelled(processor, ours), expected, atol=1e-5, rtol=0)
    expected = describer.describe([seen])
    for frame in seen:
        describer.ahead(frame)
    monkeypatch.setattr(describer._scaled, "_extract", None)
    assert describer.describe([seen]) == expected


def test_a_caption_that_stays_is_told_once_with_its_time(
    make: Callable[..., ClipInterrogator], monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = ["a dog", "a dog", "", "a man.", "a dog"]
    monkeypatch.setattr(ClipInterrogator, "_captions", lambda self, pictures: captions[: len(pictures)])
    (seen,) = make().describe([frames(*[(40, 30)] * 5)])
    assert seen.description == "At 0.0 s: a dog. At 7.5 s: a man. At 10.0 s: a dog."


def test_a_batch_that_does_not_fit_is_halved_and_loses_nothing(
    make: Callable[..., ClipInterrogator], monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [frames((40, 30), (30, 40)), frames((64, 64)), frames((20, 90), (50, 50), (33, 44))]
    expected = make().describe(clips)
    describer = make(batch_size=16)
    describer.load()
    for network, name in ((describer._network, "generate"), (describer._clip_network, "get_image_features")):
        limited = out_of_memory_above(2, getattr(network, name), lambda pixel_values, **_: len(pixel_values))
        monkeypatch.setattr(network, name, limited)
    found = describer.describe(clips)
    assert [seen.description for seen in found] == [seen.description for seen in expected]


def test_wrong_checkpoints_and_labels_are_said_with_their_settings(
    make: Callable[..., ClipInterrogator],
    checkpoints: tuple[Path, Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    blip, clip = checkpoints
    write_ast(tmp_path / "ast", ["Speech", "Music"])
    with pytest.raises(ModelUnavailable, match=r"`clip_model` = .*small-blip.*Name a checkpoint of that kind"):
        make(clip_model=str(blip)).load()
    with pytest.raises(ModelUnavailable, match=r"`model` = .*ast'"):
        make(model=str(tmp_path / "ast")).load()
    with pytest.raises(ModelUnavailable, match=r"`model` = .*small-clip' lacks \d+ weights of BlipFor"):
        make(model=str(clip)).load()
    with pytest.raises(ModelUnavailable, match=r"`clip_model` = 'no/clip'.*Set clip_revision"):
        make(clip_model="no/clip").load()
    with pytest.raises(WeightsMissing, match=r"no/clip at 000000000000 \(`clip_model`, `clip_revision`\)"):
        make(clip_model="no/clip", clip_revision="0" * 40).check_ready()
    with pytest.raises(SettingError, match="relative path"):
        make(labels="labels.txt").load()
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(SettingError, match="holds no label"):
        make(labels=str(tmp_path / "empty.txt")).load()
    assert "MISSING" not in "".join(capfd.readouterr()), "transformers says by itself what our message says"
