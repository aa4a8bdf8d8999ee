"""Whisper over windows shorter than 30 s, in batches.

Whisper was trained on windows of 30 s, and its callers pad every clip to that length; yet CTranslate2's encoder takes
as many frames as it is given. A window of the clip and a little silence after it costs a fraction, and keeps the words
as long as the decoder writes timestamps: with ``<|notimestamps|>`` it often runs past the end and repeats itself. The
length of a window follows from its clip alone, and only equal windows share a batch, so the neighbours of a clip
never change what it gives. Several batches are under way at a time: features of one are made while the network works
on another, and on a CPU two batches on a core each are through sooner than one after the other on both cores.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens, merge_punctuations
from numpy.typing import NDArray

from resources.batches import Batches
from resources.recognizer import SpeechSegment, Word

SAMPLE_RATE_HZ = 16_000
SILENCE_S = 1.0
"""Silence after the clip, at least: without it the decoder loops."""
STEP_S = 2
"""Windows are multiples of this, so that clips of like length share a batch."""
MIN_WINDOW_S = 8
"""For clips of 1–4 s the word error rate was .039 in windows of their own length, .030 in 8 s, .028 in 30 s."""
FULL_WINDOW_S = 30
MAX_CLIP_S = 25.0
"""A longer clip needs nearly the full window anyway."""

_MAX_TOKENS_PER_S = 20
"""Bounds what a loop costs; fast speech is about 6, scripts that are spelt in bytes are up to 15."""
_TIMESTAMP_S = 0.02
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
_OPENING = "\"'“¿([{-"
_CLOSING = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True)
class Decoding:
    """What Whisper made of one window; times in seconds from its start.

    Attributes:
        text: As decoded, with its leading space.
        segments: Pieces of the text between two timestamps.
        words: Words with times.
        language: ISO 639-1 code.
        language_probability: In [0, 1]; 1 when the language was given.
        finished: Whether the decoder ended by itself.
    """

    text: str
    segments: tuple[SpeechSegment, ...]
    words: tuple[Word, ...]
    language: str
    language_probability: float
    finished: bool

    @property
    def compression_ratio(self) -> float:
        """Compression ratio of zlib over the whole text; above about 2.4 it repeats itself."""
        return float(get_compression_ratio(self.text)) if self.text else 0.0


@dataclass(frozen=True)
class _Generated:
    """Tokens of one window with their scores, before words are placed."""

    tokens: list[int]
    language: str
    language_probability: float
    avg_logprob: float
    no_speech_prob: float
    finished: bool


class ShortWindows:
    """Decodes clips of up to `MAX_CLIP_S` in windows of their own length.

    Args:
        whisper: The loaded model.
        language: ISO 639-1 code of all clips; None detects it for each.
        beam_size: Beams of the search; 1 is greedy.
        batch_size: Windows per run of the network; halved when they do not fit into memory.
        under_way: Batches that are worked on at the same time.
    """

    def __init__(
        self, whisper: WhisperModel, *, language: str | None, beam_size: int, batch_size: int, under_way: int = 1
    ) -> None:
        self._whisper = whisper
        self._multilingual = bool(whisper.model.is_multilingual)
        self._language = language if self._multilingual else "en"
        self._beam_size = beam_size
        self._batches = Batches(batch_size)
        self._under_way = under_way
        self._tokenizers: dict[str, Tokenizer] = {}
        self._suppressed = list(get_suppressed_tokens(self._tokenizer(self._language or "en"), [-1]))

    def decode(self, clips: Sequence[NDArray[np.float32]]) -> list[Decoding]:
        """Decode mono clips, each ``(samples,) float32`` at 16 kHz and at most `MAX_CLIP_S` long, in order."""
        by_window: dict[int, list[int]] = defaultdict(list)
        for index, clip in enumerate(clips):
            by_window[window_s(len(clip) / SAMPLE_RATE_HZ)].append(index)
        size = self._batches.size
        # The longest windows first: at the end, when some workers have nothing left to do, what they wait for is short.
        batches = [
            (seconds, indices[start : start + size])
            for seconds, indices in sorted(by_window.items(), reverse=True)
            for start in range(0, len(indices), size)
        ]

        def decoded(batch: tuple[int, list[int]]) -> list[Decoding]:
            seconds, indices = batch
            return self._batches.compute(partial(self._decode_batch, seconds=seconds), [clips[i] for i in indices])

        with ThreadPoolExecutor(self._under_way, thread_name_prefix="whisper") as pool:
            found = list(pool.map(decoded, batches))
        by_index = {
            index: decoding
            for (_, indices), decodings in zip(batches, found, strict=True)
            for index, decoding in zip(indices, decodings, strict=True)
        }
        return [by_index[index] for index in range(len(clips))]

    def _decode_batch(self, clips: Sequence[NDArray[np.float32]], seconds: int) -> list[Decoding]:
        features = np.stack([self._features(clip, seconds) for clip in clips])
        encoded = self._whisper.encode(features)
        generated = self._generate(encoded, seconds)
        words = self._place_words(encoded, generated, [len(clip) / SAMPLE_RATE_HZ for clip in clips])
        return [
            self._decoding(result, of_clip, len(clip) / SAMPLE_RATE_HZ)
            for clip, result, of_clip in zip(clips, generated, words, strict=True)
        ]

    def _features(self, clip: NDArray[np.float32], seconds: int) -> NDArray[np.float32]:
        """Log-mel features of the clip and the silence after it: ``(mel bands, 100 · seconds) float32``."""
        padded = np.pad(clip, (0, seconds * SAMPLE_RATE_HZ - len(clip)))
        features: NDArray[np.float32] = self._whisper.feature_extractor(padded, padding=0).astype(np.float32)
        return features

    def _generate(self, encoded: ctranslate2.StorageView, seconds: int) -> list[_Generated]:
        languages = self._languages(encoded)
        prompts = [self._tokenizer(language).sot_sequence for language, _ in languages]
        max_length = min(self._whisper.max_length, len(prompts[0]) + _MAX_TOKENS_PER_S * seconds)
        results = self._whisper.model.generate(
            encoded,
            prompts,
            beam_size=self._beam_size,
            max_length=max_length,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )
        generated = []
        for result, (language, probability) in zip(results, languages, strict=True):
            tokens = result.sequences_ids[0]
            generated.append(
                _Generated(
                    tokens=tokens,
                    language=language,
                    language_probability=probability,
                    avg_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
                    no_speech_prob=result.no_speech_prob,
                    finished=len(prompts[0]) + len(tokens) < max_length,
                )
            )
        return generated

    def _languages(self, encoded: ctranslate2.StorageView) -> list[tuple[str, float]]:
        """Language and its probability for every window."""
        if self._language is not None:
            return [(self._language, 1.0)] * encoded.shape[0]
        ranked = self._whisper.model.detect_language(encoded)
        return [(token.strip("<|>"), probability) for ((token, probability), *_) in ranked]

    def _place_words(
        self, encoded: ctranslate2.StorageView, generated: list[_Generated], durations_s: list[float]
    ) -> list[tuple[Word, ...]]:
        """Align the text of every window with its audio, one language at a time: the aligner takes one prompt."""
        words: list[tuple[Word, ...]] = [() for _ in generated]
        frames = [max(1, math.ceil(duration_s * self._whisper.frames_per_second)) for duration_s in durations_s]
        for language in sorted({result.language for result in generated}):
            tokenizer = self._tokenizer(language)
            texts = [
                [token for token in result.tokens if token < tokenizer.eot] if result.language == language else []
                for result in generated
            ]
            for index, aligned in enumerate(self._whisper.find_alignment(tokenizer, texts, encoded, frames)):
                if texts[index]:
                    merge_punctuations(aligned, _OPENING, _CLOSING)
                    pieces = [(word["word"], word["start"], word["end"], word["probability"]) for word in aligned]
                    words[index] = whole_words(pieces, language)
        return words

    def _decoding(self, result: _Generated, words: tuple[Word, ...], duration_s: float) -> Decoding:
        tokenizer = self._tokenizer(result.language)
        text = tokenizer.decode(result.tokens)
        segments = []
        for tokens, start_s, end_s in split_at_timestamps(result.tokens, tokenizer.timestamp_begin, duration_s):
            if piece := tokenizer.decode(tokens).strip():
                ratio = get_compression_ratio(piece)
                segments.append(SpeechSegment(piece, start_s, end_s, result.avg_logprob, result.no_speech_prob, ratio))
        return Decoding(
            text=text,
            segments=tuple(segments),
            words=words,
            language=result.language,
            language_probability=result.language_probability,
            finished=result.finished,
        )

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self._whisper.hf_tokenizer, self._multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]


def window_s(duration_s: float) -> int:
    """Length of a clip's window: the clip and at least `SILENCE_S` after it, in whole steps, not below the minimum."""
    needed_s = STEP_S * math.ceil((duration_s + SILENCE_S) / STEP_S)
    return min(FULL_WINDOW_S, max(MIN_WINDOW_S, needed_s))


def split_at_timestamps(
    tokens: Sequence[int], timestamp_begin: int, duration_s: float
) -> list[tuple[list[int], float, float]]:
    """Split the tokens of a window where timestamps stand.

    Args:
        tokens: Text and timestamp tokens.
        timestamp_begin: The token of time 0; one more for every 0.02 s.
        duration_s: No time is later than this.

    Returns:
        Text tokens, start and end in seconds of every piece that has text; ends are never before starts.
    """
    pieces: list[tuple[list[int], float, float]] = []
    text: list[int] = []
    start_s = 0.0
    for token in tokens:
        if token < timestamp_begin:
            text.append(token)
            continue
        time_s = max(start_s, min(duration_s, round((token - timestamp_begin) * _TIMESTAMP_S, 2)))
        if text:
            pieces.append((text, start_s, time_s))
            text = []
        start_s = time_s
    if text:
        pieces.append((text, start_s, duration_s))
    return pieces


def whole_words(pieces: Iterable[tuple[str, float, float, float]], language: str) -> tuple[Word, ...]:
    """Make words of aligned pieces of text.

    The aligner parts a word at a hyphen; in languages that write spaces, a piece without one belongs to the piece
    before it.

    Args:
        pieces: Text with its leading space, start and end in seconds, probability.
        language: ISO 639-1 code.

    Returns:
        Words in order; a joined word is as probable as the least probable of its pieces.
    """
    words: list[Word] = []
    for text, start_s, end_s, probability in pieces:
        if not text.strip():
            continue
        word = Word(text.strip(), round(float(start_s), 3), round(float(end_s), 3), float(probability))
        if words and not text.startswith(" ") and language not in _WITHOUT_SPACES:
            before = words.pop()
            lowest = min(before.probability, word.probability)
            word = Word(before.text + word.text, before.start_s, word.end_s, lowest)
        words.append(word)
    return tuple(words)
