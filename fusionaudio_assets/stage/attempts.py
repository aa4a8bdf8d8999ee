"""Attempts: at which clips runs died, so that one process after the other does not die of the same clip.

While batches are loaded and computed, a note beside the checkpoint names their clips. A run that ends in any orderly
way takes it back: a note that is found was left by a run that died.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any

from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Stage
from resources.errors import LakeError
from resources.lake import Lake

_logger = logging.getLogger(__name__)

MOST_DEATHS = 2
"""A first death may have been the machine's or the user's. What died so often is not tried again in the same way."""


class Attempts(AbstractContextManager["Attempts"]):
    """The deaths of earlier runs over a stage and shard, and the note of this one.

    The note is written without waiting for the disk, in a quarter of a millisecond: it must outlive the process, not
    the machine. Whoever makes one holds the checkpoint. In a bucket, which has no locks, the note of a run that lives
    may be taken for that of a dead one: that costs speed, nothing else.

    Args:
        stage: The stage.
        shard: Key of the shard.
        lake: Where the note is kept.
        todo: The clips that are left to compute. Deaths at other clips, or at other work on them, are forgotten.
    """

    def __init__(self, stage: Stage[Any, Any], shard: str, lake: Lake, todo: Iterable[Pending]) -> None:
        self._lake = lake
        self._name = note_name(stage, shard)
        self._is_noted = lake.has_file(self._name)
        wanted = {_key(pending) for pending in todo}
        self._deaths = {key: deaths for key, deaths in self._noted().items() if key in wanted}

    @property
    def deadly(self) -> bool:
        """True when runs died twice at one of the clips: this process had better not try them."""
        return any(deaths >= MOST_DEATHS for deaths in self._deaths.values())

    def begin(self, batches: Iterable[Sequence[Pending]]) -> None:
        """Note what is under way from now on, in place of what was: if this process dies, it was at these clips.

        Raises:
            LakeError: The lake cannot be written.
        """
        under_way = {key: self._deaths.get(key, 0) + 1 for batch in batches for key in map(_key, batch)}
        self._is_noted = True
        self._write(self._deaths | under_way)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the note back; what earlier runs died at is remembered until the shard is committed."""
        if not self._is_noted:
            return
        if kind is None or not self._deaths:
            self._lake.delete(self._name)
            return
        with suppress(LakeError):  # the disk is full, most likely: one death too many is counted then
            self._write(self._deaths)

    def _noted(self) -> dict[str, int]:
        if not self._is_noted:
            return {}
        try:
            found = json.loads(self._lake.read_text(self._name))
            return {str(key): int(deaths) for key, deaths in found.items()}
        except (ValueError, TypeError, AttributeError) as error:  # a power cut may leave it empty
            _logger.warning("The note of a run that died is damaged and is passed over: %s", error)
            return {}

    def _write(self, deaths: Mapping[str, int]) -> None:
        self._lake.write_text(self._name, json.dumps(deaths), durable=False)


def note_name(stage: Stage[Any, Any], shard: str) -> str:
    """File of the lake that stands while a run is at a shard, and after it died."""
    return f".work/{stage.name}/{shard}.begun"


def _key(pending: Pending) -> str:
    return f"{pending.clip_id} {pending.fingerprint[:16]}"
