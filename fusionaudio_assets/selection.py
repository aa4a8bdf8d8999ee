"""What a user chose of a lake and of the graph."""

from collections.abc import Sequence

from fusionaudio_assets.graph import LAKE_ASSETS, STAGES
from resources.errors import SettingError
from resources.lake import Lake


def chosen_shards(lake: Lake, keys: Sequence[str] | None) -> list[str]:
    """The shards of these keys in the lake's order; all when None.

    Raises:
        SettingError: There is no such shard.
    """
    return _chosen(keys, lake.shards(), "shard", "`fusionaudio status` lists them.")


def chosen_assets(names: Sequence[str] | None) -> list[str]:
    """The assets of these names in the graph's order; all stages, and no asset over all shards, when None.

    Raises:
        SettingError: There is no such asset.
    """
    if names is None:
        return list(STAGES)
    known = [*STAGES, *LAKE_ASSETS]
    return _chosen(names, known, "asset", f"There are: {', '.join(known)}.")


def _chosen(chosen: Sequence[str] | None, known: Sequence[str], what: str, hint: str) -> list[str]:
    if chosen is None:
        return list(known)
    for name in chosen:
        if name not in known:
            raise SettingError(f"There is no {what} {name!r}.", hint=hint)
    return [name for name in known if name in chosen]
