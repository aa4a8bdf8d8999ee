"""Models in a process of their own: the same to whoever asks, loaded once, and nobody's loss when they die."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.minilm import TagBridge
from resources.embedded.yamnet import Yamnet
from resources.errors import ModelUnavailable, OutOfMemory
from resources.profile import Profile, StageNeeds
from resources.similarity import SimilarityScorer
from resources.tagger import Tagger, TagScores
from resources.warm import WarmModelDied, kept_warm
from tests.contracts.test_similarity import ScorerContract
from tests.contracts.test_taggers import TaggerContract

CLIP = np.zeros(16_000, np.float32)


class Confessor(Tagger):
    """Tells in its scores which process it is and how often it was loaded; does as `mood` says."""

    sample_rate_hz = 16_000
    mood: str = "calm"

    @property
    def model_name(self) -> str:
        return "confessor"

    @property
    def classes(self) -> tuple[str, ...]:
        return ("Speech", "Music")

    def load(self) -> None:
        if self.mood == "unloadable":
            raise ModelUnavailable("There is no room.") from RuntimeError("CUDA out of memory.")
        self.__dict__.setdefault("_loaded", []).append(1)

    def probe(self) -> None: ...

    @property
    def figures(self) -> dict[str, int | float]:
        return {"batch_size": 3}

    def close(self) -> None:
        self.__dict__.pop("_loaded", None)

    def tag(self, clips: Sequence[NDArray[np.float32]]) -> list[TagScores]:
        if self.mood == "deadly" and len(clips) > 1:
            signal.raise_signal(signal.SIGSEGV)
        if self.mood == "narrow":
            raise OutOfMemory("one input alone")
        if self.mood == "wrong":
            raise ValueError("shapes")
        if self.mood == "slow":
            time.sleep(30)
        told = np.array([[os.getpid(), len(self.__dict__["_loaded"])]], np.float32)
        return [TagScores(told, 1.0, 1.0) for _ in clips]


@pytest.fixture(scope="module", autouse=True)
def runtime_folder() -> Iterator[Path]:
    """A folder with a short name: the path of a socket may have a hundred characters."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="fa-") as folder:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)
        for pid in Path(folder).rglob("*.pid"):
            try:
                os.kill(int(pid.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                continue


def told(adapter: Tagger) -> tuple[int, int]:
    """Process and number of loads."""
    pid, loads = adapter.tag([CLIP])[0].scores[0]
    return int(pid), int(loads)


class TestWarmTagger(TaggerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def tagger(cls) -> Iterator[Tagger]:
        tagger = kept_warm(Yamnet(), 60)
        yield tagger
        tagger.close()


class TestWarmScorer(ScorerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def scorer(cls) -> Iterator[SimilarityScorer]:
        scorer = kept_warm(TagBridge(), 60)
        yield scorer
        scorer.close()


def test_it_is_the_same_model_to_whoever_reads_its_rows() -> None:
    here, warm = Yamnet(), kept_warm(Yamnet(), 60)
    assert isinstance(warm, Yamnet)
    assert (warm.identity, warm.library_versions, warm.classes) == (here.identity, here.library_versions, here.classes)
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 32_000).astype(np.float32)
    np.testing.assert_array_equal(warm.tag([noise])[0].scores, here.tag([noise])[0].scores)
    warm.close()


def test_what_one_run_loaded_the_next_one_finds(runtime_folder: Path) -> None:
    first = kept_warm(Confessor(), 60)
    assert first.figures == {}
    process = told(first)[0]
    assert process != os.getpid()
    assert first.figures == {"batch_size": 3}
    first.close()
    second = kept_warm(Confessor(), 60)
    assert told(second)[0] == process
    second.close()
    assert told(kept_warm(Confessor(), 2))[0] != process, "other settings, another process"
    assert oct((runtime_folder / "fusionaudio" / "warm").stat().st_mode)[-3:] == "700"


def test_idleness_ends_it_and_whoever_is_connected_keeps_it_alive() -> None:
    warm = kept_warm(Confessor(), 1)
    process = told(warm)[0]
    time.sleep(2)
    assert told(warm)[0] == process
    warm.close()
    deadline_s = time.monotonic() + 60
    while is_alive(process) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not is_alive(process)
    assert told(warm)[0] != process
    warm.close()


def is_alive(pid: int) -> bool:
    """True for a process that has not ended; one whose parent has not asked how it ended has."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_memory_is_given_back_on_demand_and_taken_again() -> None:
    warm = kept_warm(Confessor(), 60)
    process, loads = told(warm)
    assert told(warm) == (process, loads)
    warm.release()
    assert told(warm) == (process, 1)
    warm.close()


def test_a_death_costs_what_was_asked_and_no_more() -> None:
    warm = kept_warm(Confessor(mood="deadly"), 60)
    process, _ = told(warm)
    with pytest.raises(WarmModelDied, match="Confessor died while it was asked to tag"):
        warm.tag([CLIP, CLIP])
    assert told(warm)[0] != process
    warm.close()


@pytest.mark.parametrize(
    ("mood", "error", "message"),
    [
        ("narrow", OutOfMemory, "one input alone"),
        ("wrong", RuntimeError, "ValueError: shapes"),
        ("unloadable", ModelUnavailable, "no room"),
    ],
)
def test_errors_come_back_as_what_they_are(mood: str, error: type[Exception], message: str) -> None:
    warm = kept_warm(Confessor(mood=mood), 60)
    with pytest.raises(error, match=message) as raised:
        warm.tag([CLIP])
    assert isinstance(raised.value.__cause__, MemoryError) is (mood != "wrong")
    warm.close()


def test_an_answer_that_was_not_waited_for_is_not_taken_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(signal_number: int, frame: object) -> None:
        raise KeyboardInterrupt

    warm = kept_warm(Confessor(mood="slow"), 60)
    warm.load()
    before = signal.signal(signal.SIGALRM, interrupted)
    signal.alarm(1)
    try:
        with pytest.raises(KeyboardInterrupt):
            warm.tag([CLIP])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not warm.figures
    warm.close()


def test_a_profile_asks_for_it() -> None:
    text = """
    name: mine
    stages:
      tags: {models: {tagger: {adapter: resources.embedded.yamnet.Yamnet, keep_warm_s: 60}}}
    """
    profile = Profile.parse(text, origin="mine.yaml")
    adapter = profile.stage("tags", StageNeeds({"tagger": Tagger})).models["tagger"]
    assert adapter.keep_warm_s == 60
    assert adapter.in_this_process is Yamnet
