"""What changes is computed anew, and nothing else: exact numbers of computed rows, stage by stage."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from fusionaudio_assets.captioning import prompts
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.run import run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.workspace import PROFILE_FILE, Workspace
from resources.image_describer import SeenFrame, VisualDescription
from resources.media import KeyFrame
from resources.music_describer import Labelled
from resources.recognizer import SpeechSegment, Transcript, Word
from resources.tagger import TagScores
from tests.doubles import Hello, Meadow, Tags, double_profile
from tests.resources.synthetic_media import chirp, write_media, write_pcm

SOUNDS_S = (1.0, 2.0)
FILMS_S = (0.5, 0.6, 3.0, 3.2)
"""Pictures brighten with time: the last two films end bright."""
ALL = len(SOUNDS_S) + len(FILMS_S)
SEEN = len(FILMS_S)
BRIGHT = 2


class Listener(Hello):
    """Hears the same words in everything."""

    words: str = "Hello world"
    logprob: float = -0.1
    end_s: float = 0.5

    def transcribe(self, clips: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        segment = SpeechSegment(
            self.words, 0.0, self.end_s, avg_logprob=self.logprob, no_speech_prob=0.01, compression_ratio=1.0
        )
        words = tuple(Word(word, 0.0, self.end_s, 0.9) for word in self.words.split())
        return [Transcript(self.words, (segment,), words, "en", 0.99, 0.5, False) for _ in clips]


class Viewer(Meadow):
    """Tells bright pictures from dark ones."""

    bright: str = "snow field"
    score: float = 0.9

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
        return [self._described(frames) for frames in clips]

    def _described(self, frames: Sequence[KeyFrame]) -> VisualDescription:
        named = [self.bright if frame.pixels.mean() > 60 else "meadow" for frame in frames]
        seen = tuple(SeenFrame(f.time_s, (Labelled(n, self.score),)) for f, n in zip(frames, named, strict=True))
        return VisualDescription(seen, f"A {named[-1]}.")


class Scores(Tags):
    """Hears the same in everything."""

    speech: float = 0.91
    dog: float = 0.72

    def tag(self, clips: Sequence[NDArray[np.float32]]) -> list[TagScores]:
        scores = np.array([[self.speech, 0.8, self.dog, 0.0]], np.float32)
        return [TagScores(scores, window_s=1.0, hop_s=1.0) for _ in clips]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake in which every stage is up to date."""
    folder = tmp_path_factory.mktemp("selective")
    clips = folder / "clips"
    clips.mkdir()
    for seconds in SOUNDS_S:
        write_pcm(clips / f"{seconds}.wav", chirp(seconds, 16_000), 16_000)
    for seconds in FILMS_S:
        write_media(clips / f"{seconds}.mp4", audio=chirp(seconds, 48_000), video_s=seconds)
    workspace = Workspace.create(folder / "lake")
    add_clips(workspace.lake, collect(clips).rows)
    assert computed(folder / "lake", {}) == dict.fromkeys(STAGES, ALL) | {"visual_captions": SEEN}
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake"))


def changed(lake: Path, changes: dict[str, Any]) -> Workspace:
    """The lake under the profile of doubles with some settings changed, by their place in it."""
    profile = yaml.safe_load(double_profile(profile_needs()))
    doubles = {"tags": "tagger", "transcripts": "recognizer", "visual_captions": "describer"}
    for (stage, role), double in zip(doubles.items(), (Scores, Listener, Viewer), strict=True):
        profile["stages"][stage]["models"][role] = {"adapter": f"{__name__}.{double.__name__}"}
    for place, value in changes.items():
        *path, last = place.split(".")
        inner = profile
        for key in path:
            inner = inner.setdefault(key, {})
        inner[last] = value
    (lake / PROFILE_FILE).write_text(yaml.safe_dump(profile))
    return Workspace.open(lake)


def computed(lake: Path, changes: dict[str, Any]) -> dict[str, int]:
    """Rows that each stage computes after a change of the profile; stages that compute none are left out."""
    workspace = changed(lake, changes)
    (shard,) = workspace.lake.shards()
    accounts = {
        name: run_shard(stage, shard, workspace.lake, workspace.stage_profile(stage)).account
        for name, stage in STAGES.items()
    }
    assert all(not account.resumed for account in accounts.values())
    return {name: account.computed for name, account in accounts.items() if account.computed}


def test_nothing_changed_computes_nothing(lake: Path) -> None:
    assert computed(lake, {}) == {}


RECOGNIZER = "stages.transcripts.models.recognizer"
VIEWER = "stages.visual_captions.models.describer"
TAGGER = "stages.tags.models.tagger"


@pytest.mark.parametrize(
    "change",
    [{f"{RECOGNIZER}.logprob": -0.104, f"{RECOGNIZER}.end_s": 0.497}, {f"{RECOGNIZER}.words": "Hello, world!"}],
    ids=["confidences and times", "punctuation"],
)
def test_another_recogniser_that_hears_the_same_words_redoes_transcripts_only(
    lake: Path, change: dict[str, Any]
) -> None:
    assert computed(lake, change) == {"transcripts": ALL}


def test_other_words_are_looked_for_in_the_captions_which_stay_what_they_are(lake: Path) -> None:
    """Fusion must look for leaks of the new words; as its captions come out the same, nothing after them changes."""
    found = computed(lake, {f"{RECOGNIZER}.words": "Good evening"})
    assert found == {"transcripts": ALL, "fused_captions": ALL, "qa_pairs": ALL}


def test_another_viewer_that_sees_the_same_redoes_visual_captions_only(lake: Path) -> None:
    assert computed(lake, {f"{VIEWER}.score": 0.4}) == {"visual_captions": SEEN}


def test_another_viewer_redoes_the_captions_of_which_it_sees_something_else(lake: Path) -> None:
    found = computed(lake, {f"{VIEWER}.bright": "sheet of paper"})
    assert found == {"visual_captions": SEEN, "fused_captions": BRIGHT, "qa_pairs": BRIGHT}


def test_a_score_that_moves_a_little_redoes_the_tags_only(lake: Path) -> None:
    assert computed(lake, {f"{TAGGER}.speech": 0.92, f"{TAGGER}.dog": 0.71}) == {"tags": ALL}


def test_a_score_that_moves_far_redoes_no_transcript(lake: Path) -> None:
    found = computed(lake, {f"{TAGGER}.dog": 0.55})
    assert found["tags"] == found["sound_captions"] == found["fused_captions"] == ALL
    assert not {"stems", "transcripts", "music_captions", "visual_captions"} & found.keys()


def test_a_threshold_of_the_release_redoes_the_decisions_only(lake: Path) -> None:
    change = {"stages.filtered_dataset.params.min_similarity": 0.95}
    assert computed(lake, change) == {"filtered_dataset": ALL}
    workspace = Workspace.open(lake)
    table = workspace.lake.read_table("filtered_dataset", workspace.lake.shards()[0])
    assert table is not None
    assert table["kept"].sum() == 0


def test_a_gate_redoes_the_clips_that_it_decides_anew(lake: Path) -> None:
    """Two films of half a second lose their speech, and get it back."""
    gone = computed(lake, {"gates.presence.min_speech_s": 0.8})
    assert gone.keys() <= {"fused_captions", "caption_scores", "qa_pairs", "filtered_dataset", "music_captions"}
    assert (gone["fused_captions"], gone["music_captions"]) == (2, 2)  # music with the voice in it
    shard = Workspace.open(lake).lake.shards()[0]
    for asset, reason in (("stems", "no_voice"), ("transcripts", "no_speech")):
        table = Workspace.open(lake).lake.read_table(asset, shard)
        assert table is not None
        assert table["reason"].to_list().count(reason) == 2
    back = computed(lake, {})
    assert (back["stems"], back["transcripts"], back["music_captions"], back["fused_captions"]) == (2, 2, 2, 2)
    assert computed(lake, {"gates.presence.min_speech_s": 0.31}) == {}


def test_what_words_are_believed_is_decided_without_hearing_them_again(lake: Path) -> None:
    """Fusion follows, since its captions may hold nothing of words that are believed now; they come out the same."""
    found = computed(lake, {"gates.presence.min_avg_logprob": -0.05})
    assert found == {"fused_captions": ALL, "qa_pairs": ALL}
    opened = Workspace.open(lake).lake
    table = opened.read_table("transcripts", opened.shards()[0])
    assert table is not None
    assert table["confident"].to_list() == [False] * ALL
    assert computed(lake, {"gates.presence.min_avg_logprob": -0.06}) == {}


def test_a_line_of_the_prompt_redoes_fusion_only_where_the_captions_stay(lake: Path, tmp_path: Path) -> None:
    shipped = Path(prompts.__file__).with_name("prompt_files") / "fusion_small.txt"
    prompt = tmp_path / "prompt.txt"
    prompt.write_text(shipped.read_text().replace("Add nothing.", "Add nothing at all."))
    assert computed(lake, {"stages.fused_captions.params.prompt": {"file": str(prompt)}}) == {"fused_captions": ALL}


def test_a_run_through_dagster_starts_only_the_stages_that_change(lake: Path) -> None:
    stages = ["transcripts", "fused_captions"]
    run_lake(changed(lake, {}), select=stages)  # they get their first records in Dagster
    workspace = changed(lake, {f"{RECOGNIZER}.logprob": -0.104})
    summary = run_lake(workspace, select=stages)
    assert (list(summary.materialized), list(summary.passed)) == (["transcripts"], ["fused_captions"])
    with open_instance(workspace.lake) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("transcripts"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["computed"].value == ALL
