"""Checkpoints in the format of transformers: from a folder, or a pinned commit that was fetched from the hub before.

Nothing is downloaded here and no code of a checkpoint is run: weights are read from safetensors only.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from resources.errors import ModelUnavailable, WeightsMissing, clause
from resources.torch_models.device import imported
from resources.torch_models.torch_adapter import TorchAdapter

Result = TypeVar("Result")

_READ = {".json", ".safetensors", ".txt", ".model"}
"""Files of a folder that decide what its model computes."""


class HubAdapter(TorchAdapter):
    """Settings that say which checkpoint, and how it is read."""

    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    model: str = Field(description="Name of a model of the hub, or a folder in the same format.")
    hub_revision: str = Field("", description="Commit of the hub's model, 40 hexadecimal digits.")

    @field_validator("hub_revision")
    @classmethod
    def _is_a_commit(cls, value: str) -> str:
        if value and not re.fullmatch("[0-9a-f]{40}", value):
            raise ValueError("give a commit of 40 hexadecimal digits: branches and tags move")
        return value

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return Path(self.model).name

    @property
    def revision(self) -> str:
        """The commit of the hub's model, or SHA-256 of the files in a folder."""
        return self._folder_sha256 if Path(self.model).is_dir() else self.hub_revision or self._unpinned()

    @cached_property
    def _folder_sha256(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(path for path in Path(self.model).iterdir() if path.suffix in _READ):
            with path.open("rb") as stream:
                digest.update(f"{path.name}:{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
        return digest.hexdigest()

    def _unpinned(self) -> str:
        raise ModelUnavailable(
            f"model is {self.model!r}: there is no such folder, and no commit is given to take it from the hub at.",
            hint="Set hub_revision to the commit to use.",
        )

    def _part(self, kind: str, **options: Any) -> Any:
        """Load a part of the checkpoint with a class of transformers, e.g. ``"AutoFeatureExtractor"``.

        Raises:
            WeightsMissing: The checkpoint is not on this machine, or lacks that part.
            ModelUnavailable: It does not fit the class.
        """
        loader = getattr(imported("transformers"), kind)
        where = {} if Path(self.model).is_dir() else {"revision": self.revision}
        try:
            return loader.from_pretrained(
                self.model, local_files_only=True, trust_remote_code=False, **where, **options
            )
        except OSError as error:
            raise WeightsMissing(
                f"{self.model} cannot be read as {kind}: {clause(error)}.",
                hint=f"Fetch it with `hf download {self.model} --revision {self.hub_revision}`." if where else "",
            ) from error
        except (ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError) as error:
            raise ModelUnavailable(f"{self.model} does not load as {kind}: {clause(error)}.") from error

    def _loaded_network(self, kind: str) -> Any:
        """The network, on its device, ready to compute; every one of its weights comes from the checkpoint.

        Raises:
            ModelUnavailable: As `_part`, or the checkpoint lacks weights, which transformers would make up.
        """
        imported("transformers.utils.logging").disable_progress_bar()  # it would break up the terminal's own
        network, told = self._part(kind, use_safetensors=True, output_loading_info=True)
        if missing := sorted(told["missing_keys"]):
            raise ModelUnavailable(f"{self.model} lacks {len(missing)} weights of {kind}, e.g. {missing[0]}.")
        if told["mismatched_keys"]:
            raise ModelUnavailable(f"{self.model} holds weights that do not fit {kind}: {told['mismatched_keys']}.")
        return self._placed(network.float().eval())


def stretches(clip: NDArray[np.float32], length: int) -> list[NDArray[np.float32]]:
    """Cut a clip into as few pieces of `length` samples as cover it, the last of which ends with the clip.

    A clip that is shorter is one piece as it is.
    """
    count = max(1, math.ceil(len(clip) / length))
    last = max(0, len(clip) - length)
    return [clip[start : start + length] for start in (min(index * length, last) for index in range(count))]


def by_clip(results: Sequence[Result], cuts: Sequence[Sequence[Any]]) -> list[Sequence[Result]]:
    """Deal out the results of all pieces, which follow each other, to the clips that were cut into them."""
    ends = np.cumsum([len(cut) for cut in cuts], dtype=int)
    return [results[end - len(cut) : end] for end, cut in zip(ends, cuts, strict=True)]
