"""musicnn's two taggers on onnxruntime, and a measured tempo, as a music describer.

Method: Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", LBD-ISMIR 2019.
On anything but music the networks name music all the same: describe only clips in which music was found.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import librosa
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from pydantic import Field

from resources.adapter import runtime
from resources.embedded import weights
from resources.embedded.music_tags import MSD_TAGS, MTT_TAGS, describe_music, sort_tags, sort_vocals
from resources.embedded.musicnn_graph import MELS, PATCH_FRAMES
from resources.embedded.onnx_graph import answering, session
from resources.embedded.tempo import measure_tempo
from resources.load_time import loads
from resources.music_describer import Labelled, MusicDescriber, MusicDescription
from resources.parallel import each

_TAGGERS = {"musicnn-mtt": MTT_TAGS, "musicnn-msd": MSD_TAGS}
_WINDOW = 512
_HOP = 256
_SHORTEST_S = 1.0
_QUIETEST = 1e-4
"""A range of samples, −80 dB below full scale, that is silence: the networks name a guitar in it."""
_HARDLY_SLOW_BPM = 120.0
_HARDLY_FAST_BPM = 80.0


class Musicnn(MusicDescriber):
    """Music tags by musicnn, trained on MagnaTagATune and on the Million Song Dataset, and a tempo.

    A score is the mean over patches of three seconds, as its authors use it; 0.2 is far above what most of the 50
    tags get, and scores above 0.5 are rare.
    """

    libraries: ClassVar[tuple[str, ...]] = ("librosa", "onnxruntime")

    sample_rate_hz: ClassVar[int] = 16_000

    genre_floor: float = Field(0.2, ge=0, le=1, description="Least score of a genre that is named.")
    instrument_floor: float = Field(0.2, ge=0, le=1, description="Least score of an instrument that is named.")
    mood_floor: float = Field(0.2, ge=0, le=1, description="Least score of a mood that is named.")
    vocals_floor: float = Field(0.2, ge=0, le=1, description="Least score of vocals that are named.")
    raw_floor: float = Field(0.05, ge=0, le=1, description="Least score of a tag that is kept in the raw list.")
    beat_clarity: float = Field(
        0.3,
        ge=0,
        le=1,
        description="How well onsets must repeat for a tempo: speech reaches 0.2, music has 0.3 to 0.9.",
    )
    threads: int = runtime(0, "Clips that are worked on at the same time; 0 for one per core.")

    @property
    def model_name(self) -> str:
        """As rows record it."""
        return "musicnn-mtt+msd"

    @property
    def revision(self) -> str:
        """SHA-256 of both checkpoints and their conversion."""
        return "+".join(weights.revision(name) for name in _TAGGERS)

    @cached_property
    @loads
    def _sessions(self) -> dict[str, ort.InferenceSession]:
        return {name: session(weights.weight_path(name), threads=1) for name in _TAGGERS}

    def load(self) -> None:
        """Load both graphs."""
        _ = self._sessions

    def probe(self) -> None:
        """Tag three seconds of a chord."""
        times = np.arange(3 * self.sample_rate_hz) / self.sample_rate_hz
        chord = sum(np.sin(2 * np.pi * hz * times) for hz in (261.6, 329.6, 392.0)) / 6
        with answering(self.model_name):
            (description,) = self.describe([np.asarray(chord, np.float32)])
            if not all(0 <= label.score <= 1 for label in description.raw):
                raise ValueError("scores of a probe are outside [0, 1]")

    def close(self) -> None:
        """Release both graphs."""
        self.__dict__.pop("_sessions", None)

    def describe(self, clips: Sequence[NDArray[np.float32]]) -> list[MusicDescription]:
        """Describe mono clips at 16 kHz; a clip that is silent or under one second gets an empty description."""
        self.load()
        return each(self._describe, clips, self.threads)

    def _describe(self, clip: NDArray[np.float32]) -> MusicDescription:
        if len(clip) < _SHORTEST_S * self.sample_rate_hz or np.ptp(clip) < _QUIETEST:
            return MusicDescription()
        scores = self._scores(clip)
        genres = sort_tags(scores, "genres", self.genre_floor)
        instruments = sort_tags(scores, "instruments", self.instrument_floor)
        moods = sort_tags(scores, "moods", self.mood_floor)
        vocals = sort_vocals(scores, self.vocals_floor)
        tempo_bpm = _octave(measure_tempo(clip, self.sample_rate_hz, least_clarity=self.beat_clarity), moods)
        return MusicDescription(
            genres=genres,
            instruments=instruments,
            moods=moods,
            vocals=vocals,
            tempo_bpm=tempo_bpm,
            description=describe_music(genres, instruments, moods, vocals, tempo_bpm),
            raw=tuple(
                Labelled(tag, score)
                for tag, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))
                if score >= self.raw_floor
            ),
        )

    def _scores(self, clip: NDArray[np.float32]) -> dict[str, float]:
        """Mean score of every tag over the clip; a tag that both networks know has the higher one."""
        patches = _patches(_log_mel(clip, self.sample_rate_hz))
        scores: dict[str, float] = {}
        for name, tags in _TAGGERS.items():
            means = self._sessions[name].run(None, {"log_mel": patches})[0].mean(axis=0)
            for tag, score in zip(tags, means, strict=True):
                scores[tag] = max(float(score), scores.get(tag, 0.0))
        return scores


def _octave(tempo_bpm: float | None, moods: Sequence[Labelled]) -> float | None:
    """Half or double a tempo that contradicts what is heard: a measured tempo is sure but for its octave."""
    words = {mood.label for mood in moods}
    if tempo_bpm and "slow" in words and tempo_bpm >= _HARDLY_SLOW_BPM:
        return tempo_bpm / 2
    if tempo_bpm and "fast" in words and tempo_bpm <= _HARDLY_FAST_BPM:
        return tempo_bpm * 2
    return tempo_bpm


def _log_mel(clip: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """``(frames, 96)`` log10(1 + 10,000 · mel power), the input musicnn was trained on."""
    power = librosa.feature.melspectrogram(y=clip, sr=sample_rate_hz, n_fft=_WINDOW, hop_length=_HOP, n_mels=MELS)
    log_mel: NDArray[np.float32] = np.log10(1 + 10_000 * power.T).astype(np.float32)
    return log_mel


def _patches(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(patches, 187, 96)`` one after the other; the last ends with the clip, a short clip is padded with silence."""
    frames = len(log_mel)
    if frames < PATCH_FRAMES:
        return np.pad(log_mel, ((0, PATCH_FRAMES - frames), (0, 0)))[None]
    starts = list(range(0, frames - PATCH_FRAMES + 1, PATCH_FRAMES))
    if frames - starts[-1] - PATCH_FRAMES > PATCH_FRAMES // 2:
        starts.append(frames - PATCH_FRAMES)
    return np.stack([log_mel[start : start + PATCH_FRAMES] for start in starts])
