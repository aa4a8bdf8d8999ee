"""What every model adapter has in common.

An adapter wraps one model behind the small protocol of its kind (`tagger.Tagger`, `recognizer.Recognizer`, ...). It
knows arrays and text; it does not know shards, Parquet or Dagster. Its settings are the fields of a frozen pydantic
model, so that a profile validates on load and the identity of a model follows from its settings.
"""

import importlib.metadata
from abc import abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from resources.hub import Checkpoint

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def runtime(default: Any, description: str, **bounds: Any) -> Any:
    """Declare a setting that changes speed or place, never the output: it stays out of the identity.

    `bounds` are those of `pydantic.Field`, e.g. ``ge=1``.
    """
    return Field(default, description=description, json_schema_extra={"runtime": True}, **bounds)


class Adapter(BaseModel):
    """One model with its settings; weights are loaded on first use.

    Subclasses keep loaded state in `functools.cached_property` or private attributes and never load on construction.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_warm_s: ClassVar[float] = 0.0
    """How long the model stays loaded in a process of its own after its last use (`resources.warm`); 0 for none."""

    in_this_process: ClassVar["type[Adapter] | None"] = None
    """Of an adapter whose model is kept warm: the class that would load it here."""

    version: ClassVar[str] = "1"
    """Raise when the code around the model changes what it returns."""

    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions that run the model, e.g. ``("onnxruntime",)``: their versions stand in every row."""

    installed_by: ClassVar[str] = ""
    """Extra of this project that brings those of them which the core does not, e.g. ``"gpu"``."""

    @property
    def library_versions(self) -> tuple[str, ...]:
        """What runs the model here and now, e.g. ``("onnxruntime 1.24.1",)``.

        Not part of the identity: a patch would redo every lake, and two machines of different patches each other's
        rows. Whoever finds that a version returns something else raises `version`.
        """
        return tuple(f"{name} {importlib.metadata.version(name)}" for name in self.libraries)

    @property
    @abstractmethod
    def model_name(self) -> str:
        """Name of the model as rows record it, e.g. ``"yamnet-w8a8"``."""

    @property
    def revision(self) -> str:
        """SHA-256 or hub revision of the weights; known without loading them. Empty when there are none."""
        return ""

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Folders and models of the hub that it reads. Weights from packages are told by `revision`."""
        return ()

    @property
    def identity(self) -> dict[str, Json]:
        """All that decides the output: class, version, model, revision and every setting that is not `runtime`."""
        fields = type(self).model_fields
        settings = {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if not (isinstance(extra := fields[name].json_schema_extra, dict) and extra.get("runtime"))
        }
        return {
            "adapter": type(self).__name__,
            "version": self.version,
            "model": self.model_name,
            "revision": self.revision,
            "settings": settings,
        }

    def check_ready(self) -> None:
        """Find what would keep the model from loading here, as far as that is known without loading it.

        Raises:
            ModelUnavailable: A library, a checkpoint or a key is missing.
            SettingError: A setting does not fit this machine.
        """
        _ = self.library_versions
        for checkpoint in self.checkpoints:
            checkpoint.located()

    @abstractmethod
    def load(self) -> None:
        """Load the weights now. Calling it again does nothing.

        Raises:
            ModelUnavailable: The weights are missing, corrupted or of another model.
        """

    @abstractmethod
    def probe(self) -> None:
        """Run a tiny known-good input through the loaded model.

        Raises:
            ModelUnavailable: The model does not answer as it must. The stage uses this to tell a bad clip from a
                bad model.
        """

    @property
    def takes_gpu(self) -> bool:
        """True when the settings let the model run on a GPU of this machine; known without loading anything."""
        return False

    @property
    def figures(self) -> dict[str, int | float]:
        """What the model found out while it worked and people may want to know, e.g. ``{"batch_size": 64}``."""
        return {}

    def close(self) -> None:
        """Release memory, servers and devices; the adapter may be loaded again."""

    def release(self) -> None:
        """Release memory and devices also where the model is shared with others, since they are needed."""
        self.close()


_LIVE: dict[str, Adapter] = {}


def shared(adapter: Adapter) -> Adapter:
    """The adapter of this process with the same class and settings: weights stay loaded from run to run."""
    kind = type(adapter)
    key = f"{kind.__module__}.{kind.__qualname__} {adapter.keep_warm_s} {adapter.model_dump_json()}"
    return _LIVE.setdefault(key, adapter)


def make_room_for(keep: Collection[Adapter]) -> bool:
    """Close every other adapter of this process, since memory does not suffice; they load again when they are needed.

    Returns:
        False when there is no other: trying again is of no use.
    """
    others = [adapter for adapter in _LIVE.values() if not any(adapter is kept for kept in keep)]
    for adapter in others:
        adapter.release()
    return bool(others)


def close_all_but(keep: Collection[Adapter]) -> None:
    """Close every adapter of this process that is not in `keep`, e.g. those that later stages do not need."""
    for key, adapter in list(_LIVE.items()):
        if not any(adapter is other for other in keep):
            _LIVE.pop(key).close()
