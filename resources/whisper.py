"""Whisper through CTranslate2: words with times and confidences, in batches over short windows.

Radford et al., "Robust speech recognition via large-scale weak supervision", 2022, in faster-whisper's conversion. What
is special here: Silero VAD decides what is worth decoding, and a clip is decoded in a window of little more than its
speech instead of 30 s (`whisper_windows`), which a CPU feels. The full window is kept for whatever the short one
does not do well.
"""

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import _LANGUAGE_CODES
from faster_whisper.vad import get_vad_model
from numpy.typing import NDArray
from pydantic import Field, field_validator

from resources.adapter import runtime
from resources.embedded import weights
from resources.errors import ModelUnavailable, SettingError, clause
from resources.hub import CTRANSLATE2, Checkpoint, Commit
from resources.load_time import loads
from resources.recognizer import Recognizer, SpeechSegment, Transcript
from resources.voiced import Voiced, voiced_part
from resources.whisper_windows import MAX_CLIP_S, Decoding, ShortWindows, whole_words

ComputeType = Literal["int8", "int8_float16", "int8_float32", "int8_bfloat16", "float16", "bfloat16", "float32"]

_MOST_WORKERS = 4
"""Each holds the memory of a batch of its own."""

_MAX_UNHEARD_S = 2.0
"""Speech after the last word of a short window, above which the decoder is taken to have stopped early."""


class FasterWhisper(Recognizer):
    """Any Whisper model in CTranslate2's format."""

    version: ClassVar[str] = "2"
    libraries: ClassVar[tuple[str, ...]] = ("ctranslate2", "faster-whisper", "onnxruntime")
    sample_rate_hz: ClassVar[int] = 16_000

    model: str = Field(
        "whisper-base", description="Name of weights in the cache, a folder, or (with hub_revision) a hub model."
    )
    hub_revision: Commit = Field("", description="Commit of the hub model, when `model` names one.")
    compute_type: ComputeType = Field("int8", description="CTranslate2's type of weights and activations.")
    language: str | None = Field(None, description="ISO 639-1 code of all clips; detected for each clip when null.")
    beam_size: int = Field(1, ge=1, description="Beams of the search; 1 is greedy.")
    temperatures: tuple[float, ...] = Field(
        (0.0,),
        min_length=1,
        description="Tried in order in a full window until its text can be trusted; above 0 is random.",
    )
    vad_threshold: float = Field(0.5, gt=0, lt=1, description="Silero's probability from which audio is speech.")
    min_speech_s: float = Field(0.1, ge=0, description="Clips with less speech than this are not decoded.")
    margin_s: float = Field(0.5, ge=0, description="Audio kept before the first and after the last speech.")
    short_windows: bool = Field(
        True, description="Decode in windows as short as the speech, checked, before 30 s ones."
    )
    min_log_prob: float = Field(-1.0, le=0, description="Mean log-probability below which a text is not trusted.")
    max_compression_ratio: float = Field(2.4, gt=1, description="zlib ratio above which a text repeats itself.")
    max_no_speech_prob: float = Field(
        0.6, ge=0, le=1, description="Probability of no speech above which an untrusted text is dropped."
    )
    batch_size: int = runtime(4, "Clips per run of the network; halved when they do not fit into memory.", ge=1)
    device: Literal["cpu", "cuda", "auto"] = runtime("cpu", "Where the network runs.")
    device_index: int = runtime(0, "Which of several GPUs.")
    threads: int = runtime(0, "CPU threads of all batches together; 0 takes one per core.", ge=0)
    workers: int = runtime(
        0, "Batches that the network works on at the same time; 0 takes up to four on a CPU, one on a GPU.", ge=0
    )

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return Path(self.model).name

    @property
    def revision(self) -> str:
        """SHA-256 of the weights, or the commit of the hub model."""
        return weights.revision(self.model) if self.model in weights.names() else self._checkpoint.revision

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """That of the model, unless its weights come from packages."""
        return () if self.model in weights.names() else (self._checkpoint,)

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self.model, self.hub_revision, CTRANSLATE2)

    def check_ready(self) -> None:
        """As of every adapter; and a GPU that is asked for must be there."""
        super().check_ready()
        if self.device == "cuda" and not ctranslate2.get_cuda_device_count():
            raise SettingError(
                "device is 'cuda', but CTranslate2 sees no GPU on this machine.", hint="Set device to 'auto' or 'cpu'."
            )

    @property
    def takes_gpu(self) -> bool:
        """True unless the device is the CPU."""
        return self.device != "cpu"

    @field_validator("language")
    @classmethod
    def _language_is_known(cls, language: str | None) -> str | None:
        if language is not None and language not in _LANGUAGE_CODES:
            raise ValueError(f"Whisper knows no language {language!r}; give an ISO 639-1 code such as 'en', or null")
        return language

    @functools.cached_property
    @loads
    def _whisper(self) -> WhisperModel:
        is_cached = self.model in weights.names()
        folder = weights.weight_path(self.model) if is_cached else self._checkpoint.folder()
        try:
            return WhisperModel(
                str(folder),
                device=self.device,
                device_index=self.device_index,
                compute_type=self.compute_type,
                cpu_threads=max(1, self._num_threads // self._num_workers),
                num_workers=self._num_workers,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnavailable(
                f"`model` = {self.model!r} does not load as Whisper on {self.device} as {self.compute_type}: "
                f"{clause(error)}.",
                hint="Name a checkpoint of CTranslate2's Whisper, and a device and compute_type of this machine.",
            ) from error

    @functools.cached_property
    def _windows(self) -> ShortWindows:
        return ShortWindows(
            self._whisper,
            language=self.language,
            beam_size=self.beam_size,
            batch_size=self.batch_size,
            under_way=self._num_under_way,
        )

    @property
    def _num_threads(self) -> int:
        return self.threads or os.cpu_count() or 1

    @property
    def _on_gpu(self) -> bool:
        return self.device == "cuda" or (self.device == "auto" and ctranslate2.get_cuda_device_count() > 0)

    @property
    def _num_workers(self) -> int:
        return self.workers or (1 if self._on_gpu else min(self._num_threads, _MOST_WORKERS))

    @property
    def _num_under_way(self) -> int:
        """On a GPU one more than it works on, so that features are ready when it is."""
        return self._num_workers + self._on_gpu

    def load(self) -> None:
        """Load the network and the voice activity detector."""
        _ = self._windows
        get_vad_model()

    def probe(self) -> None:
        """Decode a second of a quiet tone; any text will do, an error will not."""
        second = np.arange(self.sample_rate_hz) / self.sample_rate_hz
        try:
            self._windows.decode([(0.01 * np.sin(2 * np.pi * 220 * second)).astype(np.float32)])
        except (RuntimeError, ValueError) as error:
            raise ModelUnavailable(f"Whisper {self.model_name} does not answer: {clause(error)}.") from error

    def close(self) -> None:
        """Release the network."""
        for name in ("_windows", "_whisper"):
            self.__dict__.pop(name, None)

    def transcribe(self, clips: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        """Transcribe clips; see `Recognizer.transcribe`. A clip without speech costs only the detector."""
        self.load()
        with ThreadPoolExecutor(self._num_threads) as pool:
            voiced = list(pool.map(self._voiced, clips))
        spoken = [index for index, part in enumerate(voiced) if part.speech_s > self.min_speech_s]
        short = [
            index
            for index in spoken
            if self.short_windows and len(voiced[index].audio) <= MAX_CLIP_S * self.sample_rate_hz
        ]
        in_short_windows = dict(zip(short, self._windows.decode([voiced[index].audio for index in short]), strict=True))
        transcripts = [Transcript("", (), (), "", 0.0, part.speech_s, full_window=False) for part in voiced]
        with ThreadPoolExecutor(self._num_under_way) as pool:
            settled = pool.map(lambda index: self._transcript(voiced[index], in_short_windows.get(index)), spoken)
            for index, transcript in zip(spoken, settled, strict=True):
                transcripts[index] = transcript
        return transcripts

    def _transcript(self, part: Voiced, in_short_window: Decoding | None) -> Transcript:
        """Take the text of the short window if it may stand, else decode again; drop what is noise."""
        decoding = in_short_window if in_short_window and self._is_settled(in_short_window, part) else None
        full_window = decoding is None
        decoding = decoding or self._decode_full_windows(part.audio)
        if self._is_noise(decoding):
            decoding = replace(decoding, text="", segments=(), words=())
        return part.transcript(decoding, full_window=full_window)

    def _voiced(self, clip: NDArray[np.float32]) -> Voiced:
        return voiced_part(clip, threshold=self.vad_threshold, margin_s=self.margin_s)

    def _is_sound(self, decoding: Decoding) -> bool:
        """Whether a text neither repeats itself nor is a guess nor was cut off."""
        return (
            decoding.finished
            and decoding.compression_ratio <= self.max_compression_ratio
            and all(segment.avg_logprob >= self.min_log_prob for segment in decoding.segments)
        )

    def _is_noise(self, decoding: Decoding) -> bool:
        """Whether a text is bad and the decoder itself doubts that there is speech: a full window would not help."""
        doubts = [segment.no_speech_prob > self.max_no_speech_prob for segment in decoding.segments]
        return bool(doubts) and all(doubts) and not self._is_sound(decoding)

    def _is_settled(self, decoding: Decoding, part: Voiced) -> bool:
        """Whether the text of a short window may stand, or is noise; else the full window decides."""
        if self._is_noise(decoding):
            return True
        heard_s = max((segment.end_s for segment in decoding.segments), default=part.last_speech_s)
        # In the silence after the clip nothing is said: what stands there is the decoder going on by itself.
        beyond = any(segment.start_s >= len(part.audio) / self.sample_rate_hz for segment in decoding.segments)
        return self._is_sound(decoding) and heard_s >= part.last_speech_s - _MAX_UNHEARD_S and not beyond

    def _decode_full_windows(self, audio: NDArray[np.float32]) -> Decoding:
        """Decode as faster-whisper does: windows of 30 s, one after the other, trying again at each temperature."""
        ctranslate2.set_random_seed(0)
        pieces, info = self._whisper.transcribe(
            audio,
            language=self.language,
            beam_size=self.beam_size,
            temperature=self.temperatures,
            log_prob_threshold=self.min_log_prob,
            compression_ratio_threshold=self.max_compression_ratio,
            no_speech_threshold=self.max_no_speech_prob,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        found = list(pieces)
        return Decoding(
            text="".join(piece.text for piece in found),
            segments=tuple(
                SpeechSegment(
                    text=piece.text.strip(),
                    start_s=piece.start,
                    end_s=piece.end,
                    avg_logprob=piece.avg_logprob,
                    no_speech_prob=piece.no_speech_prob,
                    compression_ratio=piece.compression_ratio,
                )
                for piece in found
            ),
            words=whole_words(
                ((word.word, word.start, word.end, word.probability) for piece in found for word in piece.words or ()),
                info.language,
            ),
            language=info.language,
            language_probability=info.language_probability,
            finished=True,
        )
