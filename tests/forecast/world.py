"""A lake of tiny sounds whose models answer differently for different clips and settings, and runs without Dagster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from fusionaudio_assets.forecast import Forecast, forecast
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import look, run_shard
from fusionaudio_assets.workspace import PROFILE_FILE, Workspace
from resources.decoder import MediaDecoder
from resources.errors import ClipError
from resources.media.pool import DecodeRequest, PreparedClip, prepare_clip
from resources.recognizer import Transcript
from resources.tagger import TagScores
from tests.doubles import FloatArray, Hello, Tags, double_profile

KINDS = 5
"""Clips are told apart by their length in tenths of a second, modulo this."""

NOBODY = -1


def kind_of(clip: FloatArray) -> int:
    """Which kind of clip it is."""
    return round(clip.size / 1600) % KINDS


class Ears(Tags):
    """Hears speech in kinds 0 to 2, music in 1 to 3, a dog in all but 4; deaf to the speech of one kind."""

    deaf_to: int = NOBODY

    def tag(self, clips: Sequence[FloatArray]) -> list[TagScores]:
        return [TagScores(self._scores(kind_of(clip)), window_s=1.0, hop_s=1.0) for clip in clips]

    def _scores(self, kind: int) -> FloatArray:
        speech = 0.9 if kind <= 2 and kind != self.deaf_to else 0.0
        music, dog = 0.8 if 1 <= kind <= 3 else 0.0, 0.7 if kind != 4 else 0.0
        return np.array([[speech, music, dog, 0.0]], np.float32)


class Words(Hello):
    """Hears the same word everywhere; in clips of one kind another one, at those of another it stumbles for now."""

    word: str = "hello"
    mishears: int = NOBODY
    stumbles: int = NOBODY

    def transcribe(self, clips: Sequence[FloatArray]) -> list[Transcript]:
        if any(kind_of(clip) == self.stumbles for clip in clips):
            raise ValueError("stumbled")
        return [self._transcript(self.word if kind_of(clip) != self.mishears else "goodbye") for clip in clips]

    def _transcript(self, text: str) -> Transcript:
        (heard,) = super().transcribe([np.zeros(1, np.float32)])
        return Transcript(
            text,
            heard.segments,
            heard.words,
            heard.language,
            heard.language_probability,
            heard.speech_s,
            heard.full_window,
        )


class InProcess(MediaDecoder):
    """Decodes for real, without worker processes."""

    def decode(self, requests: Sequence[DecodeRequest]) -> Iterator[PreparedClip | ClipError]:
        for request in requests:
            try:
                yield prepare_clip(request, self.media)
            except ClipError as error:
                yield error


@dataclass
class Done:
    """What a run did to the rows of a stage."""

    computed: int = 0
    settled: int = 0
    reused: int = 0


@dataclass
class World:
    """A lake, its profile as a tree, and a folder of media."""

    root: Path
    tree: dict[str, Any] = field(default_factory=dict)
    batches: int = 0

    def __post_init__(self) -> None:
        self.tree = yaml.safe_load(double_profile(profile_needs()))
        self.model("raw_clips", "decoder", InProcess)
        self.model("tags", "tagger", Ears)
        self.model("transcripts", "recognizer", Words)
        Workspace.create(self.root / "lake", str(self._profile_file()))

    @property
    def workspace(self) -> Workspace:
        """The lake under its profile of now."""
        return Workspace.open(self.root / "lake")

    def model(self, stage: str, role: str, adapter: type[Any], **settings: Any) -> None:
        """Let another model, or one of other settings, serve a role."""
        dotted = f"{adapter.__module__}.{adapter.__qualname__}"
        self.tree["stages"][stage]["models"][role] = {"adapter": dotted, **settings}

    def params(self, stage: str, **params: Any) -> None:
        """Change parameters of a stage."""
        self.tree["stages"].setdefault(stage, {}).setdefault("params", {}).update(params)

    def gate(self, **settings: Any) -> None:
        """Change the gates between cues."""
        self.tree.setdefault("gates", {}).setdefault("presence", {}).update(settings)

    def record(self) -> None:
        """Record the profile in the lake."""
        self.workspace.lake.write_text(PROFILE_FILE, self._profile_file().read_text())

    def ingest(self, clips: int, broken: int = 0, **collecting: Any) -> None:
        """Make clips of all kinds in turn, and files that are no media, and put them into a shard of their own."""
        folder = self.root / f"media-{self.batches}"
        folder.mkdir()
        noise = np.random.default_rng(self.batches)
        for number in range(clips):
            samples = noise.uniform(-0.1, 0.1, 1600 * (KINDS + number % KINDS)).astype(np.float32)
            soundfile.write(folder / f"{number}.wav", samples, 16_000)
        for number in range(broken):
            (folder / f"broken-{number}.wav").write_text(f"no sound, {self.batches}.{number}")
        self.batches += 1
        add_clips(self.workspace.lake, collect(folder, **collecting).rows)

    def forecast(self, **chosen: Any) -> Forecast:
        """What a run would do."""
        return forecast(self.workspace, **chosen)

    def run(self) -> dict[str, Done]:
        """Bring all shards up to date as `fusionaudio run` does, without Dagster and its gates."""
        workspace, done = self.workspace, {name: Done() for name in STAGES}
        for stage in STAGES.values():
            profile = workspace.stage_profile(stage)
            for shard in workspace.lake.shards():
                if look(stage, shard, workspace.lake, profile).changed:
                    account = run_shard(stage, shard, workspace.lake, profile).account
                    done[stage.name].computed += account.computed + account.resumed
                    done[stage.name].settled += account.settled
                    done[stage.name].reused += account.reused
                else:
                    done[stage.name].reused += workspace.lake.read_frame(f"{stage.name}/{shard}.parquet").height
        return done

    def _profile_file(self) -> Path:
        path = self.root / "profile.yaml"
        path.write_text(yaml.safe_dump(self.tree))
        return path


def check(told: Forecast, done: dict[str, Done]) -> None:
    """Hold a forecast against what the run did: exact where nothing is in doubt, within its bounds elsewhere."""
    for name, stage in told.stages.items():
        rows, truth = stage.rows, done[name]
        assert rows.clips == truth.computed + truth.settled + truth.reused, name
        assert rows.computed[0] <= truth.computed - rows.resumed <= rows.computed[1], (name, rows, truth)
        assert rows.reused[0] <= truth.reused <= rows.reused[1], (name, rows, truth)
        assert rows.settled <= truth.settled, (name, rows, truth)
        assert sum(rows.why.values()) == rows.certain.clips + rows.resumed + rows.settled, name
        assert sum(rows.maybe.values()) == rows.doubtful.clips, name
