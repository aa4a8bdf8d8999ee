"""Demucs' checkpoints: which files make a model, and reading them without running what they hold.

A model is a checkpoint ``SIGNATURE.safetensors``, ``SIGNATURE.th`` or ``SIGNATURE-CHECKSUM.th``, or a bag ``NAME.yaml``
that lists signatures and how much each counts for each source. The published ones are on the hub as safetensors. The
older ``.th`` are listed inside the package `demucs` and lie in the cache of `torch.hub`.
"""

import hashlib
import importlib.util
import json
import pickle
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from resources.errors import ModelUnavailable, WeightsMissing, clause
from resources.torch_models.device import imported

FILES = ("*.yaml", "*.safetensors")
"""Files of a model of the hub."""

_HINT = "Name a checkpoint of Demucs by `model` and `repository`."
_CLASSES = (("htdemucs", "HTDemucs"), ("hdemucs", "HDemucs"), ("demucs", "Demucs"))
"""Modules and classes of Demucs' networks; nothing else that a checkpoint names is made."""


@dataclass(frozen=True)
class Bag:
    """A model of one or more networks.

    Attributes:
        checkpoints: Names of the files, one a network.
        weights: ``[network][source]``, how much each counts; None when all count alike.
        segment_s: Longest stretch that a network sees at once; None leaves it to the networks.
    """

    checkpoints: tuple[str, ...]
    weights: list[list[float]] | None = None
    segment_s: float | None = None


def published(model: str) -> Bag:
    """What the installed package `demucs` says of one of its published models.

    Raises:
        ModelUnavailable: The package is not installed, or knows no such model.
    """
    spec = importlib.util.find_spec("demucs")
    if spec is None or spec.origin is None:
        imported("demucs")  # says what to install
        raise ModelUnavailable("The package demucs has no files.")
    folder = Path(spec.origin).parent / "remote"
    names = [line.strip() for line in (folder / "files.txt").read_text().splitlines() if line.strip().endswith(".th")]
    return _bag(folder, model, names)


def local(folder: Path, model: str) -> Bag:
    """What a folder holds of a model.

    Raises:
        WeightsMissing: There is no such model in it.
    """
    # Of two with the same signature the safe one comes last and counts.
    names = [path.name for suffix in (".th", ".safetensors") for path in sorted(folder.glob(f"*{suffix}"))]
    return _bag(folder, model, names)


def folder_revision(folder: Path, bag: Bag) -> str:
    """SHA-256 over the checkpoints of a bag in their order and how they are weighed."""
    digest = hashlib.sha256(repr((bag.weights, bag.segment_s)).encode())
    for name in bag.checkpoints:
        digest.update(_sha256(folder / name).encode())
    return digest.hexdigest()


def read_network(path: Path) -> Any:
    """Build one network and fill it with the weights of a checkpoint.

    Returns:
        A `torch.nn.Module` on the CPU, in evaluation mode.

    Raises:
        WeightsMissing: The file is not there, or its checksum is not that of its name.
        ModelUnavailable: It is no checkpoint of Demucs, or one that only running foreign code could read.
    """
    if not path.is_file():
        raise WeightsMissing(
            f"{path} is missing.",
            hint="For a published model set `repository` to the name of the hub's, e.g. adefossez/HTDemucs, and "
            "hub_revision to its commit, and run `fusionaudio models fetch`.",
        )
    _, _, checksum = path.stem.partition("-")
    if not _sha256(path).startswith(checksum):
        raise WeightsMissing(f"{path} is damaged: its SHA-256 does not start with {checksum}.", hint="Get it again.")
    package = _safe_package(path) if path.suffix == ".safetensors" else _package(path)
    try:
        return imported("demucs.states").load_model(package).eval()
    except (KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise ModelUnavailable(
            f"{path} does not fit the network that it names: {clause(error)}.", hint=_HINT
        ) from error


def _safe_package(path: Path) -> dict[str, Any]:
    """The same as `_package`, from safetensors, whose metadata name the class and hold its arguments as JSON."""
    try:
        with imported("safetensors").safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        known = {f"demucs.{module}.{name}": (module, name) for module, name in _CLASSES}
        if told.get("klass") not in known or "structure" in told:  # a structure is what quantised weights have
            raise ModelUnavailable(f"{path} is not a checkpoint of Demucs that is not quantised.", hint=_HINT)
        module, name = known[told["klass"]]
        args, kwargs = (imported("demucs.hf")._decode_json(json.loads(told[key])) for key in ("args", "kwargs"))
    except (imported("safetensors").SafetensorError, OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(f"{path} is no checkpoint of Demucs: {clause(error)}.", hint=_HINT) from error
    return {"klass": getattr(imported(f"demucs.{module}"), name), "args": args, "kwargs": kwargs, "state": state}


def _package(path: Path) -> dict[str, Any]:
    """What a checkpoint holds: the class of the network, its arguments and its weights."""
    torch = imported("torch")
    classes = [getattr(imported(f"demucs.{module}"), name) for module, name in _CLASSES]
    try:
        with torch.serialization.safe_globals([*classes, Fraction]):
            package = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ModelUnavailable(
            f"{path} is no checkpoint that can be read safely: {clause(error)}.", hint=_HINT
        ) from error
    if not isinstance(package, dict) or package.get("klass") not in classes:
        raise ModelUnavailable(f"{path} is not a checkpoint of Demucs.", hint=_HINT)
    if package["state"].get("__quantized"):
        raise ModelUnavailable(f"{path} is quantised, which is not supported.", hint="Name a model that is not.")
    return package


def _bag(folder: Path, model: str, files: list[str]) -> Bag:
    """Find a model in a folder with bags, by its name or signature, among the names of checkpoints."""
    by_signature = {Path(name).stem.partition("-")[0]: name for name in files}
    path = folder / f"{model}.yaml"
    if model in by_signature:
        return Bag((by_signature[model],))
    if not path.is_file():
        known = sorted([*by_signature, *(bag.stem for bag in folder.glob("*.yaml"))])
        raise WeightsMissing(
            f"`model` = {model!r}: {folder} holds no such model.", hint=f"There are: {', '.join(known) or 'none'}."
        )
    described = yaml.safe_load(path.read_text())
    signatures = described["models"]
    if missing := [signature for signature in signatures if signature not in by_signature]:
        raise WeightsMissing(f"{path} names the model {missing[0]!r}, of which there is no checkpoint.")
    return Bag(
        tuple(by_signature[signature] for signature in signatures), described.get("weights"), described.get("segment")
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
