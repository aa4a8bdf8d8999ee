"""Memory that does not suffice: other models make room, then a clip that is too large alone fails, and no other."""

from collections.abc import Iterator, Sequence

import polars as pl
import pytest
from pydantic import PrivateAttr

from fusionaudio_assets.stage import run_shard
from resources import adapter
from resources.adapter import shared
from resources.batches import Batches
from resources.errors import ModelUnavailable
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, Ruler, manifest, stage_profile

PATHS = [f"clip{i}.wav" for i in range(10)]


class NarrowRuler(Ruler):
    """A ruler with memory for two paths at a time, and for none with `huge` in it."""

    _batches: Batches = PrivateAttr(default_factory=lambda: Batches(8))

    @property
    def figures(self) -> dict[str, int | float]:
        return {"batch_size": self._batches.size}

    def measure(self, paths: Sequence[str]) -> list[int]:
        return self._batches.compute(self._measure, paths)

    def _measure(self, paths: Sequence[str]) -> list[int]:
        if len(paths) > 2 or any("huge" in path for path in paths):
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super().measure(paths)


class Neighbour(Ruler):
    """A model of another stage, which takes memory until it is closed."""

    _open: bool = PrivateAttr(default=True)

    @property
    def is_open(self) -> bool:
        return self._open

    def close(self) -> None:
        self._open = False


class CrowdedRuler(Ruler):
    """A ruler that does not load, or has no memory for a path, beside its neighbour."""

    neighbour: Neighbour
    loads_beside: bool = True

    def measure(self, paths: Sequence[str]) -> list[int]:
        if self.neighbour.is_open:
            full = RuntimeError("CUDA out of memory.")
            if self.loads_beside:
                raise full
            raise ModelUnavailable("The ruler does not fit.") from full
        return super().measure(paths)


@pytest.fixture(autouse=True)
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(adapter, "_LIVE", {})
    yield


def test_a_batch_that_does_not_fit_is_halved_and_loses_nothing(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    ruler = NarrowRuler()
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(ruler, batch_size=6))
    assert outcome.table["length"].to_list() == [len(path) for path in PATHS]
    assert sorted(path for paths in ruler.seen for path in paths) == PATHS
    costs = outcome.account.costs(outcome.table)
    assert costs["model/ruler/batch_size"] == ruler.figures["batch_size"] < 3


def test_a_clip_that_does_not_fit_alone_fails_for_that_and_no_other_does(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS[:5], "huge.wav", *PATHS[5:]]))
    table = run_shard(LENGTHS, "s", lake, stage_profile(NarrowRuler(), batch_size=6)).table
    (failed,) = table.filter(pl.col("status") != "ok").to_dicts()
    assert (failed["clip_id"], failed["reason"], failed["permanent"]) == ("0005", "out_of_memory", False)
    assert "one input alone: CUDA out of memory" in failed["detail"]


@pytest.mark.parametrize("loads_beside", [True, False])
def test_models_of_other_stages_make_room(lake: Lake, loads_beside: bool) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    neighbour = shared(Neighbour())
    assert isinstance(neighbour, Neighbour)
    ruler = CrowdedRuler(neighbour=neighbour, loads_beside=loads_beside)
    table = run_shard(LENGTHS, "s", lake, stage_profile(ruler)).table
    assert table["status"].unique().to_list() == ["ok"]
    assert not neighbour.is_open


def test_a_device_that_is_full_with_nothing_of_ours_stops_the_stage(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    ruler = CrowdedRuler(neighbour=Neighbour(), loads_beside=False)
    with pytest.raises(ModelUnavailable, match="does not fit"):
        run_shard(LENGTHS, "s", lake, stage_profile(ruler))
    assert not lake.has_table("lengths", "s")
