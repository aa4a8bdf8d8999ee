"""Which shards may go into what is made of all of them: the gate of assets over the whole lake."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fusionaudio_assets.checks.gate import GateRefused, check_overrides, gate, name_of
from fusionaudio_assets.overrides import read_overrides
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.workspace import Workspace


@dataclass(frozen=True)
class Admission:
    """What the gate says of all shards.

    Attributes:
        refused: Shards that are kept out, with the message that tells why and the way out.
        passed_over: Number of shards by rule that was passed over and by the reason given.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[tuple[str, str], int] = field(default_factory=dict)


EVERY_SHARD = Admission()
"""No gate was asked."""


def admitted(
    reader: str,
    above: Sequence[Stage[Any, Any]],
    workspace: Workspace,
    stages: Mapping[str, Stage[Any, Any]],
    overrides: Mapping[str, str],
) -> Admission:
    """Ask the gate about every shard that has the last of the tables `above`, as far as it has the others.

    A rule that was passed over when the last table was made is passed over here too.

    Args:
        reader: What is about to read them, for messages.
        above: The stages whose tables it reads, in the order of the graph.
        workspace: Lake and profile.
        stages: All stages by name.
        overrides: Further rules to pass over, with the reason for it.

    Raises:
        SettingError: An override names no rule, or gives no reason.
    """
    check_overrides(overrides, stages)
    lake, last = workspace.lake, above[-1].name
    shards = lake.shards(last)
    recorded: dict[str, dict[str, str]] = {}
    for line in read_overrides(lake, {last: shards}).to_dicts():
        recorded.setdefault(line["shard"], {})[line["rule"]] = line["reason"]
    refused: dict[str, str] = {}
    passed_over: Counter[tuple[str, str]] = Counter()
    for shard in shards:
        reasons = recorded.get(shard, {}) | dict(overrides)
        standing = [stage for stage in above if lake.has_table(stage.name, shard)]
        try:
            broken = gate(reader, standing, shard, workspace, reasons)
        except GateRefused as refusal:
            refused[shard] = str(refusal)
        else:
            passed_over.update({(name_of(verdict), reasons[name_of(verdict)]) for verdict in broken})
    return Admission(refused, dict(passed_over))
