"""Profiles: which model serves each stage, with its settings.

    name: embedded
    description: Small models that run on a laptop, offline.
    gates:
      presence: {...}        what decides whether a row is needed; changing it redoes only rows that it decides anew
    stages:
      tags:
        models:
          tagger: {adapter: resources.embedded.yamnet.Yamnet}
          # For people, beside an adapter's own settings: licence: Apache-2.0, memory_gb: 0.1
        params: {...}        what the stage computes with; changing it redoes the stage
        batch_size: 32       how many clips at a time; changes nothing in the output
        clip_timeout_s: 600  what counts as a hang of a batch or clip where runs died; elsewhere five times that

A gate belongs to no stage: all that go by it go by the same figures, so that no stage tells of what another one left
out. What is not said is the default; a stage without models needs no section.

Adding a model is one class and one line: `adapter` names any class that implements the kind's protocol. `keep_warm_s`
beside it keeps the model loaded between runs, in a process of its own (`resources.warm`).
"""

import importlib
import math
import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.adapter import Adapter, Json, shared
from resources.embedded import weights
from resources.errors import ModelUnavailable, SettingError, clause
from resources.profile_file import strict_yaml
from resources.warm import kept_warm

CLIP_TIMEOUT_S = 600.0

_GATES_MOVED = "All stages share their gates: give its settings once, under `gates.presence`."

AnySettings = TypeVar("AnySettings", bound="Settings")


class Settings(BaseModel):
    """Base of gates and of the `params` of a stage: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate_name: ClassVar[str] = ""
    """Name of a gate under `gates`; empty for what is none."""


class About(Settings):
    """What a profile may tell of a model beside its settings; it decides nothing."""

    licence: str = Field("", description="Of the weights.")
    memory_gb: float | None = Field(None, gt=0, description="What it takes of its device's memory, about.")


@dataclass(frozen=True)
class StageNeeds:
    """What a stage asks of a profile: the kind of each of its models, its gate and its parameters."""

    models: Mapping[str, type[Adapter]] = field(default_factory=dict)
    gate: type[Settings] = Settings
    params: type[Settings] = Settings
    batch_size: int = 32


@dataclass(frozen=True)
class StageProfile:
    """What a profile gives a stage. Adapters are built, not loaded."""

    models: Mapping[str, Adapter]
    gate: Settings
    params: Settings
    batch_size: int
    clip_timeout_s: float = CLIP_TIMEOUT_S
    where: str = ""

    def check_ready(self) -> None:
        """Find what would keep the models from loading here, as far as that is known without loading them.

        Raises:
            ModelUnavailable: A library, a checkpoint, weights or a key are missing; the message starts with the
                setting.
            SettingError: A setting does not fit this machine.
        """
        for role, adapter in self.models.items():
            with self._naming(role):
                adapter.check_ready()
                for name in weights.used_by(adapter.revision):
                    weights.require(name)

    def identities(self) -> dict[str, Json]:
        """The identity of each model by its role.

        Raises:
            ModelUnavailable: That of a checkpoint is not known here; the message starts with the setting.
            SettingError: A setting does not fit; likewise.
        """
        found: dict[str, Json] = {}
        for role, adapter in self.models.items():
            with self._naming(role):
                found[role] = adapter.identity
        return found

    @contextmanager
    def _naming(self, role: str) -> Iterator[None]:
        """Have errors of a model start with its place in the profile."""
        try:
            yield
        except (ModelUnavailable, SettingError) as error:
            raise type(error)(f"{self.where}.models.{role}: {error.args[0]}", hint=error.hint) from error


class _RawStage(BaseModel):
    model_config = ConfigDict(extra="forbid")
    models: dict[str, dict[str, Any]] = Field(default_factory=dict)
    params: dict[str, Any] = Field(default_factory=dict)
    batch_size: int | None = Field(None, ge=1, le=4096)
    clip_timeout_s: float = Field(CLIP_TIMEOUT_S, gt=0, allow_inf_nan=False)


class _RawProfile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1)
    description: str = ""
    gates: dict[str, dict[str, Any]] = Field(default_factory=dict)
    stages: dict[str, _RawStage]


@dataclass(frozen=True)
class Profile:
    """A profile whose form is valid; a stage's part is validated when it is asked for.

    Attributes:
        name: What messages call it.
        description: One sentence for people.
        origin: File or name that messages point to.
    """

    name: str
    description: str
    origin: str
    raw: _RawProfile

    @classmethod
    def parse(cls, text: str, *, origin: str) -> "Profile":
        """Read the YAML of a profile.

        Raises:
            SettingError: The text is not YAML or not of a profile's form.
        """
        try:
            raw = _RawProfile.model_validate(strict_yaml(text))
        except yaml.YAMLError as error:
            raise SettingError(f"{origin} is not YAML: {clause(error)}.") from error
        except ValidationError as error:
            of_a_stage = error.errors()[0]["loc"][-1:] == ("gate",)
            raise SettingError(f"{origin}: {_first(error)}.", hint=_GATES_MOVED if of_a_stage else "") from error
        return cls(raw.name, raw.description, origin, raw)

    def stage(self, name: str, needs: StageNeeds) -> StageProfile:
        """What the profile gives one stage.

        Raises:
            SettingError: It misses a model, names one that does not fit, or holds an unknown or impossible value.
        """
        if needs.models and name not in self.raw.stages:
            raise SettingError(
                f"{self.origin} has no section for the stage {name}, which needs a model as {', '.join(needs.models)}.",
                hint=f"Add `stages.{name}` as in resources/profiles/embedded.yaml, and record the profile with "
                "`fusionaudio profile --set FILE`.",
            )
        raw, where = self.raw.stages.get(name, _RawStage()), f"{self.origin}: stages.{name}"
        gate = self.raw.gates.get(needs.gate.gate_name, {})
        return StageProfile(
            models=_models(raw, needs, where),
            gate=validated(needs.gate, gate, f"{self.origin}: gates.{needs.gate.gate_name}"),
            params=validated(needs.params, raw.params, f"{where}.params"),
            batch_size=raw.batch_size or needs.batch_size,
            clip_timeout_s=raw.clip_timeout_s,
            where=where,
        )

    def about(self, stage: str, role: str) -> "About":
        """What the profile tells people of a model."""
        given = self.raw.stages[stage].models[role]
        return About(**{name: given[name] for name in About.model_fields if name in given})

    def check(self, needs: Mapping[str, StageNeeds]) -> None:
        """Validate all of it against what the stages of the graph need.

        Raises:
            SettingError: As `stage`, or it names a stage or a gate that does not exist.
        """
        gates = sorted({need.gate.gate_name for need in needs.values()} - {""})
        for kind, given, known in (("stage", self.raw.stages, list(needs)), ("gate", self.raw.gates, gates)):
            if unknown := sorted(set(given) - set(known)):
                raise SettingError(
                    f"{self.origin}: no {kind} is called {unknown[0]!r}.",
                    hint=f"There are: {', '.join(known) or 'none'}.",
                )
        for name, need in needs.items():
            self.stage(name, need)


def _models(raw: _RawStage, needs: StageNeeds, where: str) -> dict[str, Adapter]:
    unknown = sorted(set(raw.models) - set(needs.models))
    if unknown:
        raise SettingError(
            f"{where}.models has no place for {unknown[0]!r}.", hint=f"It takes: {', '.join(needs.models) or 'none'}."
        )
    missing = sorted(set(needs.models) - set(raw.models))
    if missing:
        raise SettingError(f"{where}.models lacks {missing[0]!r}.", hint="Add a line `adapter: ...` for it.")
    return {role: _adapter(raw.models[role], kind, f"{where}.models.{role}") for role, kind in needs.models.items()}


def validated(model: type[AnySettings], values: Any, where: str) -> AnySettings:
    """Make settings of what a YAML file holds.

    Raises:
        SettingError: A key or a value does not fit; the message starts with `where`.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingError(f"{where}: {_first(error)}.") from error


def _adapter(values: dict[str, Any], kind: type[Adapter], where: str) -> Adapter:
    about = validated(About, {name: values[name] for name in About.model_fields if name in values}, where)
    settings = {name: value for name, value in values.items() if name not in type(about).model_fields}
    dotted, keep_s = settings.pop("adapter", None), settings.pop("keep_warm_s", 0)
    if not isinstance(keep_s, int | float) or not 0 <= keep_s < math.inf:
        raise SettingError(f"{where}.keep_warm_s is {keep_s!r}.", hint="Give seconds, or 0 to keep nothing warm.")
    if not isinstance(dotted, str) or "." not in dotted:
        raise SettingError(f"{where}.adapter is {dotted!r}.", hint="Give `module.Class` of an adapter.")
    module_name, _, class_name = dotted.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise SettingError(f"{where}.adapter: {dotted} cannot be imported: {clause(error)}.") from error
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise SettingError(f"{where}.adapter: {dotted} is not a {kind.__name__}.")
    try:
        adapter = found.model_validate(settings)
        return shared(kept_warm(adapter, float(keep_s)) if keep_s else adapter)
    except ValidationError as error:
        raise SettingError(f"{where}: {_first(error)}.") from error


def _first(error: ValidationError) -> str:
    """The first problem of a validation, with the setting and the value that caused it."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the document"
    if problem["type"] == "extra_forbidden":
        return f"there is no setting {place!r}"
    if problem["type"] == "missing":
        return f"the setting {place!r} is missing"
    return f"{place} = {reprlib.repr(problem['input'])}: {problem['msg']}"
