"""What serves each role of a profile: weights, where they are, what they need, and how what is missing is got."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusionaudio_assets.graph import STAGES, profile_needs
from resources.adapter import Adapter
from resources.embedded import weights
from resources.embedded.weights import WeightState
from resources.errors import ModelUnavailable
from resources.hub import Checkpoint
from resources.profile import Profile
from resources.served_model import ServedModel

_GB = 1e9
_MISSING = "missing"


@dataclass(frozen=True)
class ModelRow:
    """One model in one role.

    Attributes:
        model: Its name in rows.
        revision: Commit of the hub or SHA-256; empty for what has no weights of its own.
        weights: ``"present"``, ``"missing"`` or ``"corrupted"``; ``"served"`` when a server holds them; ``"built in"``
            when they come with a library, or there are none.
        paths: Where they are, or the address of the server.
        size_gb: Of the weights, downloaded or to be downloaded from packages; None when it is not known.
        memory_gb: Of the device, about, as the profile says.
        extra: Extra that brings its libraries; empty when the core does.
        libraries_present: Whether they are installed.
    """

    stage: str
    role: str
    adapter: str
    model: str
    revision: str
    weights: str
    paths: tuple[str, ...]
    size_gb: float | None
    memory_gb: float | None
    licence: str
    extra: str
    libraries_present: bool


def model_rows(profile: Profile, states: Sequence[WeightState]) -> list[ModelRow]:
    """A row for every role of every stage.

    Args:
        profile: Must fit the graph.
        states: Of all weights from packages.

    Raises:
        SettingError: The profile does not fit the graph.
    """
    return [_row(profile, stage, role, adapter, states) for stage, role, adapter in adapters_of(profile)]


def adapters_of(profile: Profile) -> Iterator[tuple[str, str, Adapter]]:
    """Stage, role and adapter of every model of a profile.

    Raises:
        SettingError: The profile does not fit the graph.
    """
    profile.check(profile_needs())
    for name, stage in STAGES.items():
        for role, adapter in profile.stage(name, stage.profile_needs).models.items():
            yield name, role, adapter


def package_weights(adapter: Adapter) -> list[str]:
    """Names of the weights from packages that an adapter uses; its revision tells."""
    return list(weights.used_by(_revision(adapter)))


def hub_checkpoints(adapter: Adapter, *, served: bool) -> list[Checkpoint]:
    """What of the hub it reads on this machine; with `served` also what its server reads."""
    found = list(adapter.checkpoints)
    if served and isinstance(adapter, ServedModel) and adapter.served_checkpoint is not None:
        found.append(adapter.served_checkpoint)
    return [checkpoint for checkpoint in dict.fromkeys(found) if not checkpoint.is_folder]


def ways_out(rows: Sequence[ModelRow], fetch: str) -> list[str]:
    """What to do about all that is missing, each once.

    Args:
        rows: Of the profile.
        fetch: The command that fetches its weights.
    """
    ways = [f"`{fetch}` gets the weights that are missing."] if any(_is_missing(row) for row in rows) else []
    for extra in dict.fromkeys(row.extra for row in rows if not row.libraries_present):
        ways.append(f"`pip install 'fusionaudio[{extra}]'` installs what some models need.")
    for row in rows:
        if row.weights == "served":
            pinned = f" --revision {row.revision}" if row.revision else ""
            ways.append(f"{row.paths[0]} must serve {row.model}, e.g. by `vllm serve {row.model}{pinned}`.")
    return list(dict.fromkeys(ways))


def _row(profile: Profile, stage: str, role: str, adapter: Adapter, states: Sequence[WeightState]) -> ModelRow:
    about = profile.about(stage, role)
    names = package_weights(adapter)
    used = [state for state in states if state.name in names]
    state, paths, size_gb = _weights(adapter, used)
    return ModelRow(
        stage=stage,
        role=role,
        adapter=type(adapter).__name__,
        model=adapter.model_name,
        revision=_revision(adapter),
        weights=state,
        paths=paths,
        size_gb=size_gb,
        memory_gb=about.memory_gb,
        licence=about.licence or "; ".join(dict.fromkeys(one.licence for one in used)),
        extra=adapter.installed_by,
        libraries_present=_libraries_present(adapter),
    )


def _weights(adapter: Adapter, used: Sequence[WeightState]) -> tuple[str, tuple[str, ...], float | None]:
    """State, places and GB of the weights of an adapter."""
    if isinstance(adapter, ServedModel) and adapter.serve is None:
        return "served", (adapter.base_url,), None
    if used:
        size_gb = sum(state.size_bytes or state.download_bytes for state in used) / _GB
        worst = next((state.state for state in used if state.state != "present"), "present")
        return worst, tuple(str(state.path) for state in used), size_gb
    if not adapter.checkpoints:
        return "built in", (), None
    try:
        folders: list[Path] = [checkpoint.located() for checkpoint in adapter.checkpoints]
    except ModelUnavailable:
        return _MISSING, (), None
    size_gb = sum(checkpoint.size_bytes() for checkpoint in adapter.checkpoints) / _GB
    return "present", tuple(map(str, folders)), size_gb


def _is_missing(row: ModelRow) -> bool:
    return row.weights in (_MISSING, "corrupted")


def _revision(adapter: Adapter) -> str:
    try:
        return adapter.revision
    except ModelUnavailable:  # a folder or a library that is not there; `weights` and `extra` tell
        return ""


def _libraries_present(adapter: Adapter) -> bool:
    try:
        _ = adapter.library_versions
    except ModelUnavailable:
        return False
    return True
