"""What a stage is: a pure function over clips with what surrounds it declared.

    derive   upstream rows of one clip → the work, or a skip with its reason   (cheap, decides; uses `gate`)
    prepare  payloads of one clip → arrays                                     (decoding, runs ahead in a thread)
    compute  a batch of prepared clips → rows                                  (the models; uses `params`)
    finish   what compute gave of one clip → its row, where that is work      (encoding, runs behind in threads)

`compute` is shown nothing but what `derive` put into the work, and all of the work is in the fingerprint: what is
reused is therefore exactly what would have come out again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import dataframely as dy

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.tables import StageTable
from resources.adapter import Adapter, Json
from resources.errors import ClipError
from resources.profile import Settings, StageNeeds

Row = dict[str, Any]
"""Columns of a stage's table for one clip, without those of `StageTable`."""

Upstream = Mapping[str, Row]
"""The rows of one clip by asset name; each holds the columns that the stage reads, and status and reason."""

Kind = TypeVar("Kind", bound=Adapter)
Gate = TypeVar("Gate", bound=Settings)
Params = TypeVar("Params", bound=Settings)


@dataclass(frozen=True)
class PayloadRef:
    """Where a payload lies, and the hash of its content (samples, not bytes of an encoding)."""

    asset: str
    payload: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Work:
    """All that `compute` may consume of one clip.

    Attributes:
        inputs: Plain JSON; floats rounded to what matters, so that a tiny change upstream redoes nothing.
        payloads: Heavy inputs by name.
        audio_s: Seconds of audio behind the work, for the account alone: not part of the fingerprint.
        locator: Where to find what `inputs` identify by its content, e.g. the path of a file: not part of it either.
    """

    inputs: dict[str, Json] = field(default_factory=dict)
    payloads: Mapping[str, PayloadRef] = field(default_factory=dict)
    audio_s: float = 0.0
    locator: str = ""


@dataclass(frozen=True)
class Skip:
    """The stage is not needed for this clip."""

    reason: Reason
    detail: str = ""


@dataclass
class Job:
    """One clip of a batch.

    Attributes:
        clip_id: The clip.
        inputs: `Work.inputs`.
        locator: `Work.locator`.
        prepared: What `prepare` returned.
    """

    clip_id: str
    inputs: dict[str, Any]
    locator: str = ""
    prepared: Any = None


class Models(dict[str, Adapter]):
    """The adapters of a stage by role."""

    def of(self, role: str, kind: type[Kind]) -> Kind:
        """The adapter that serves `role`; profiles guarantee that it is a `kind`."""
        adapter = self[role]
        if not isinstance(adapter, kind):
            raise TypeError(f"{role} is a {type(adapter).__name__}, not a {kind.__name__}")
        return adapter


@dataclass(frozen=True)
class JudgedColumn(Generic[Gate]):
    """A column that follows from others of its row and the gate.

    It is no part of the work: rows that stand are judged anew, so that another threshold costs no model's time.

    Attributes:
        column: The column; null in rows that are not ok.
        of: Columns that `judge` sees.
        judge: The rest of the row and the gate → the column's value.
    """

    column: str
    of: tuple[str, ...]
    judge: Callable[[Row, Gate], bool]


def no_inputs_beyond_payloads(payloads: Mapping[str, Any], job: Job, models: Models) -> Any:
    """The default `prepare`: payloads as they are stored."""
    return payloads


def nothing_else(params: Settings) -> dict[str, Json]:
    """The default `also`."""
    return {}


def no_weights(params: Settings) -> tuple[str, ...]:
    """The default `weights`."""
    return ()


@dataclass(frozen=True)
class Stage(Generic[Gate, Params]):
    """A stage of the graph.

    Attributes:
        name: Name of the asset and of its table in the lake.
        table: Schema of its rows.
        version: Raise it when `compute` changes what it returns for the same work.
        reads: Upstream tables with the columns that are read; the first one gives the clips and their order.
        needs: Upstream assets whose row must be ok; otherwise the clip is skipped.
        derive: See the module.
        prepare: See the module.
        compute: See the module; returns one row, or one `ClipError`, per job and in their order, or yields them one by
            one where a batch of them may be too large to hold. A row may hold the value of a payload under the
            payload's name.
        finish: See the module; makes the row of what `compute` gave in its place. None where that is the row.
        models: Kind of each model by role.
        gate: Settings that only `derive` sees; stages of the same gate share them.
        params: Settings that only `compute` sees.
        payloads: Payload tables by name, each `clip_id` and one more column. The row's column `<name>_file` is filled
            with the file they went to.
        carry: Columns copied from the first upstream row into every row, computed or reused.
        judged: Columns that are judged in every row, computed or reused.
        also: More of what decides the output, e.g. the hash of a prompt.
        weights: Names of the weights from packages that it reads whatever models the profile names.
        together: The rows of a shard depend on each other: when one must be computed, all are, in one batch.
        batch_size: Default number of clips at a time.
    """

    name: str
    table: type[StageTable]
    version: str
    reads: Mapping[str, tuple[str, ...]]
    derive: Callable[[Upstream, Gate, Models], Work | Skip]
    compute: Callable[[Sequence[Job], Models, Params], Iterable[Row | ClipError]]
    prepare: Callable[[Mapping[str, Any], Job, Models], Any] = no_inputs_beyond_payloads
    finish: Callable[[Job, Row, Models], Row] | None = None
    needs: tuple[str, ...] = ("raw_clips",)
    models: Mapping[str, type[Adapter]] = field(default_factory=dict)
    gate: type[Settings] = Settings
    params: type[Settings] = Settings
    payloads: Mapping[str, type[dy.Schema]] = field(default_factory=dict)
    carry: tuple[str, ...] = ()
    judged: tuple[JudgedColumn[Gate], ...] = ()
    also: Callable[[Params], dict[str, Json]] = nothing_else
    weights: Callable[[Params], tuple[str, ...]] = no_weights
    together: bool = False
    batch_size: int = 32

    @property
    def profile_needs(self) -> StageNeeds:
        """What the stage asks of a profile."""
        return StageNeeds(self.models, self.gate, self.params, self.batch_size)

    @property
    def renewed(self) -> tuple[str, ...]:
        """Columns that are brought up to date in rows that stand."""
        return (*self.carry, *(one.column for one in self.judged))

    @property
    def clips_from(self) -> str:
        """The upstream table that lists the clips of the shard."""
        return next(iter(self.reads))
