"""Read the sound of an open container, frame by frame, within bounds."""

import math
from dataclasses import dataclass
from pathlib import Path

import av
import av.container
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.stream import Stream

from resources.audio import FloatArray, downmix
from resources.errors import ClipError
from resources.media.files import counts_frames, shown
from resources.media.frames import Room, samples_of
from resources.media.types import MediaSettings
from resources.media.window import Window

SEEK_MARGIN_S = 1.0
"""Decoding starts this long before a segment: codecs need a little past to be right."""

_SEEKABLE = {"mov", "matroska", "wav", "w64", "flac", "ogg"}
_LEAST_RATE_HZ, _MOST_RATE_HZ = 1000, 1_000_000
_JUMP_S = 0.1
_LOUD_PEAK, _MOST_PEAK = 2.0, 100.0
"""Lossy codecs overshoot full scale by up to 6 dB, mixes in floats by more; what lies 40 dB above has another scale."""
_STATES_DURATION = {"mov", "matroska", "wav", "flac", "aiff", "ogg", "mp3"}


@dataclass
class Sound:
    """What was read. `audio` is ``(channels, samples) float32``."""

    audio: FloatArray
    sample_rate_hz: int
    source_sample_rate_hz: int
    channels: int
    notes: list[str]


def stated_duration_s(container: av.container.InputContainer) -> float | None:
    """Give the length that the container's header states, None when it states none."""
    return container.duration / av.time_base if container.duration and container.duration > 0 else None


def sound_origin_s(stream: AudioStream) -> float:
    """Give the container's time of the first sample: where the times of a clip start to count."""
    return float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0


def read_sound(
    container: av.container.InputContainer, stream: AudioStream, path: Path, window: Window, settings: MediaSettings
) -> Sound:
    """Decode the window of a stream of a freshly opened container.

    Raises:
        ClipError: no_samples, corrupt, truncated, not_finite, beyond_full_scale, too_long, too_short or
            segment_outside.
    """
    seekable = container.format.name.split(",")[0] in _SEEKABLE
    if seekable and window.start_s > SEEK_MARGIN_S and stream.time_base:
        target_s = sound_origin_s(stream) + window.start_s - SEEK_MARGIN_S
        container.seek(int(target_s / stream.time_base), stream=stream, backward=True)
        reader = _Reader(container, stream, path, window, settings, seeked=True)
    else:
        reader = _Reader(container, stream, path, window, settings, seeked=False)
    try:
        # Packets of the picture are not decoded here: they tell how far the file goes.
        for packet in container.demux(stream, *container.streams.video):
            if not reader.feed(packet):
                break
    except av.error.InvalidDataError:
        reader.bad_packets += 1
    return reader.finish()


class _Reader:
    """Collects decoded frames, downmixed and at the wanted rate, and counts what goes wrong."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: AudioStream,
        path: Path,
        window: Window,
        settings: MediaSettings,
        *,
        seeked: bool,
    ) -> None:
        self.container, self.stream, self.settings, self.window = container, stream, settings, window
        self.path, self.name = path, shown(path)
        self.form = container.format.name.split(",")[0]
        self.notes = [window.note] if window.note else []
        self.origin_s = sound_origin_s(stream)
        self.placed = not seeked
        self.position = self.apart = 0
        self.room: Room | None = None
        self.kept = 0
        self.rate = self.channels = self.not_finite = self.packets = self.bad_packets = 0
        self.reached_s = self.peak = self.missing_s = 0.0
        self.first = 0
        self.last: int | None = None
        self.resampler: soxr.ResampleStream | None = None

    def feed(self, packet: "av.Packet[Stream]") -> bool:
        """Decode one packet; False when no more is wanted."""
        if packet.stream is not self.stream:
            if packet.pts is not None and packet.time_base:
                end_s = (packet.pts + (packet.duration or 0)) * float(packet.time_base)
                self.reached_s = max(self.reached_s, end_s - self.origin_s)
            return True
        self.packets += 1 if packet.size else 0
        try:
            frames = packet.decode()
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            self.bad_packets += 1
            return True
        return all(self._take(frame) for frame in frames if isinstance(frame, AudioFrame) and frame.samples)

    def _take(self, frame: AudioFrame) -> bool:
        if not self.rate:
            self._start(frame)
        if frame.sample_rate != self.rate:
            rates = f"from {self.rate} to {frame.sample_rate} Hz"
            raise ClipError("corrupt", f"The sample rate of {self.name} changes {rates} midway.")
        self._follow(frame)
        first = max(self.first - self.position, 0)
        last = frame.samples if self.last is None else min(self.last - self.position, frame.samples)
        self.position += frame.samples
        if first < last:
            self._keep(samples_of(frame)[:, first:last], frame)
        return self.last is None or self.position < self.last

    def _follow(self, frame: AudioFrame) -> None:
        """Find where the frame belongs: times that jump ahead tell that sound before it is missing."""
        time_s = 0.0 if frame.time is None else frame.time - self.origin_s
        if not self.placed:
            self.position, self.placed = round(time_s * self.rate), True
        elif (
            frame.time is not None
            and (jump := round(time_s * self.rate) - self.position - self.apart) > self.rate * _JUMP_S
        ):
            self.missing_s += jump / self.rate
            # Only where one can seek are times exact; elsewhere they jump at splices, too.
            if self.form in _SEEKABLE:
                self.position += jump
            else:
                self.apart += jump

    def _start(self, frame: AudioFrame) -> None:
        self.rate, self.channels = frame.sample_rate, frame.layout.nb_channels
        if not _LEAST_RATE_HZ <= self.rate <= _MOST_RATE_HZ:
            raise ClipError("corrupt", f"{self.name} states a sample rate of {self.rate} Hz, which is none of sound.")
        self.room = Room(min(self.channels, 2))
        self.first = round(self.window.start_s * self.rate)
        end_s = self.window.end_s
        self.last = None if end_s is None else round(end_s * self.rate)
        if self.rate > self.settings.max_sample_rate_hz:
            self.resampler = soxr.ResampleStream(
                self.rate, self.settings.max_sample_rate_hz, min(self.channels, 2), dtype="float32"
            )

    def _keep(self, planes: FloatArray, frame: AudioFrame) -> None:
        peak = float(np.abs(planes).max())
        if not math.isfinite(peak):
            self.not_finite += int(planes.size - np.isfinite(planes).sum())
            return
        self.peak = max(self.peak, peak)
        self.kept += planes.shape[1]
        if self.kept > self.settings.max_duration_s * self.rate + self.rate:
            limit = self.settings.max_duration_s
            raise ClipError("too_long", f"{self.name} is longer than {limit:g} s. Give segments, or raise the limit.")
        wanted = min(self.channels, 2)
        if len(planes) > 2:
            planes = downmix(planes, [channel.name for channel in frame.layout.channels])
        if len(planes) != wanted:  # a stream that changes between mono and stereo
            planes = np.repeat(planes.mean(axis=0, keepdims=True), wanted, axis=0)
        self._store(planes, last=False)

    def _store(self, planes: FloatArray, *, last: bool) -> None:
        assert self.room is not None
        if self.resampler is not None:
            out: FloatArray = self.resampler.resample_chunk(np.ascontiguousarray(planes.T), last=last)
            planes = out.reshape(-1, len(planes)).T
        self.room.add(planes)

    def finish(self) -> Sound:
        """Judge what was read and put it together."""
        self._check()
        assert self.room is not None
        self._store(np.zeros((min(self.channels, 2), 0), np.float32), last=True)
        audio = self.room.taken()
        if self.channels > 2 and (peak := max(float(audio.max()), -float(audio.min()))) > 1:
            audio /= peak  # a downmix adds channels up: better quieter than clipped
        if self.channels <= 2 and self.peak > _LOUD_PEAK:
            self.notes.append(f"The sound exceeds full scale by {20 * math.log10(self.peak):.0f} dB and is clipped.")
        if self.missing_s:
            self.notes.append(f"About {self.missing_s:.1f} s of the sound are missing in between.")
        if self.bad_packets:
            self.notes.append(f"{self.bad_packets} of {self.packets} sound packets could not be decoded.")
        rate = min(self.rate, self.settings.max_sample_rate_hz)
        return Sound(audio, rate, self.rate, self.channels, self.notes)

    def _check(self) -> None:
        name = self.name
        if self.not_finite:
            raise ClipError("not_finite", f"{name} holds {self.not_finite} samples that are NaN or infinite.")
        if not self.kept and not self.stream.codec_context.sample_rate:
            raise ClipError("unknown_format", f"{name} is not a sound or video file of a known format.")
        if not self.kept and self.packets and not self.rate:
            raise ClipError("corrupt", f"None of the {self.packets} sound packets of {name} can be decoded.")
        if not self.kept and self.window.start_s and self.position:
            end_s = self.position / self.rate
            raise ClipError("segment_outside", f"{name} ends at {end_s:.2f} s, its segment starts after that.")
        if not self.kept:
            raise ClipError("no_samples", f"{name} has a sound stream, but no sample in it.")
        if self.peak > _MOST_PEAK:
            what = f"samples of {self.peak:.3g} times full scale"
            raise ClipError("beyond_full_scale", f"{name} holds {what}. Are they integers stored as floats?")
        read_s = self.kept / self.rate
        expected_s, held_s = self._promise()
        if held_s < expected_s - max(0.25, 0.05 * expected_s):
            figures = f"states {expected_s:.2f} s, but holds {held_s:.2f} s"
            if self.form != "mp3":
                raise ClipError("truncated", f"{name} is cut off, or parts of it are lost: it {figures}.")
            # Tools that cut an MP3 without decoding it leave the count of its frames as it was.
            self.notes.append(f"The file may be cut off: it {figures}.")
        if self.bad_packets * 10 > self.packets:
            raise ClipError("corrupt", f"{self.bad_packets} of {self.packets} sound packets of {name} are damaged.")
        if read_s < self.settings.min_duration_s:
            least = self.settings.min_duration_s
            raise ClipError("too_short", f"{name} has {read_s:.3f} s of sound, less than the least of {least:g} s.")

    def _promise(self) -> tuple[float, float]:
        """Give the seconds that the header promises in the window, and those found; zeros where headers only guess."""
        if self.form not in _STATES_DURATION or (self.form == "mp3" and not counts_frames(self.path)):
            return 0.0, 0.0
        whole_s = stated_duration_s(self.container) or 0.0
        found_s = self.kept / self.rate
        if self.stream.duration and self.stream.time_base:
            whole_s = float(self.stream.duration * self.stream.time_base)
        elif self.window.end_s is None:
            # Matroska states one length for sound and picture together.
            found_s = max(found_s, self.reached_s - self.window.start_s)
        end_s = whole_s if self.window.end_s is None else min(self.window.end_s, whole_s)
        return end_s - self.window.start_s, found_s
