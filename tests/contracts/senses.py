"""What a model that sees or hears answers in tests: something that follows from what it was really sent."""

import base64
import hashlib
import io
import json
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from tests.contracts.chat_server import Answer


def pictures(body: dict[str, Any]) -> list[Image.Image]:
    """The pictures of a request, decoded."""
    urls = [part["image_url"]["url"] for part in _parts(body) if part["type"] == "image_url"]
    return [Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,")))) for url in urls]


def recording(body: dict[str, Any]) -> tuple[NDArray[np.float32], int]:
    """The sound of a request, ``(samples,) float32``, and its rate in Hz."""
    (sent,) = [part["input_audio"] for part in _parts(body) if part["type"] == "input_audio"]
    samples, sample_rate_hz = soundfile.read(io.BytesIO(base64.b64decode(sent["data"])), dtype="float32")
    return samples, sample_rate_hz


def sees(body: dict[str, Any], _: int) -> Answer:
    """One label a picture, made of its pixels."""
    frames = [[f"thing {hashlib.sha256(picture.tobytes()).hexdigest()[:6]}"] for picture in pictures(body)]
    return _answer(body, {"frames": frames, "description": f"There are {len(frames)} pictures."})


def hears(body: dict[str, Any], _: int) -> Answer:
    """Rain where sound goes on all the time, else a dog."""
    samples, _rate_hz = recording(body)
    steady = float(np.abs(samples).mean()) > 0.05
    return _answer(body, {"description": "Rain falls." if steady else "A dog barks."})


def knows_music(body: dict[str, Any], _: int) -> Answer:
    """A genre made of the samples."""
    samples, _rate_hz = recording(body)
    genre = f"genre {hashlib.sha256(samples.tobytes()).hexdigest()[:6]}"
    lists = {"genres": [genre], "instruments": ["piano", "drums"], "moods": [], "vocals": []}
    return _answer(body, lists | {"description": f"Music of the {genre}, with piano and drums."})


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for turn in body["messages"] if isinstance(turn["content"], list) for part in turn["content"]]


def _answer(body: dict[str, Any], data: dict[str, Any]) -> Answer:
    return Answer(json.dumps(data)) if "response_format" in body else Answer()
