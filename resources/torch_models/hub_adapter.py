"""Checkpoints in the format of transformers: from a folder, or a pinned commit that was fetched from the hub before.

Nothing is downloaded here (`resources.hub` fetches), and no code of a checkpoint is run: weights are read from
safetensors only.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from pydantic import Field

from resources.errors import ModelUnavailable, WeightsMissing, clause
from resources.hub import Checkpoint, Commit
from resources.torch_models.device import imported
from resources.torch_models.torch_adapter import TorchAdapter

Result = TypeVar("Result")


class HubAdapter(TorchAdapter):
    """Settings that say which checkpoint, and how it is read."""

    libraries: ClassVar[tuple[str, ...]] = ("torch", "transformers")

    model: str = Field(description="Name of a model of the hub, or a folder in the same format.")
    hub_revision: Commit = Field("", description="Commit of the hub's model, 40 hexadecimal digits.")

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return Path(self.model).name

    @property
    def revision(self) -> str:
        """The commit of the hub's model, or SHA-256 of the files in a folder."""
        return self._checkpoint.revision

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """That of the model."""
        return (self._checkpoint,)

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self.model, self.hub_revision)

    def _part(self, kind: str, checkpoint: Checkpoint | None = None, **options: Any) -> Any:
        """Load a part of the checkpoint, or of another one, with a class of transformers, e.g. ``"AutoTokenizer"``.

        Raises:
            WeightsMissing: The checkpoint is not on this machine, or lacks that part.
            ModelUnavailable: It does not fit the class.
        """
        _keep_quiet()
        loader = getattr(imported("transformers"), kind)
        checkpoint = checkpoint or self._checkpoint
        named = f"`{checkpoint.setting}` = {checkpoint.model!r}"
        try:
            return loader.from_pretrained(
                checkpoint.folder(), local_files_only=True, trust_remote_code=False, **options
            )
        except (OSError, imported("safetensors").SafetensorError) as error:
            raise WeightsMissing(
                f"{named} cannot be read as {kind}: {clause(error)}.",
                hint="Name a checkpoint that is whole and of that kind; weights are read from safetensors only.",
            ) from error
        except (ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError) as error:
            raise ModelUnavailable(
                f"{named} does not load as {kind}: {clause(error)}.", hint="Name a checkpoint of that kind."
            ) from error

    def _loaded_network(self, kind: str, checkpoint: Checkpoint | None = None) -> Any:
        """The network, on its device, ready to compute; every one of its weights comes from the checkpoint.

        Raises:
            ModelUnavailable: As `_part`, or the checkpoint lacks weights, which transformers would make up.
        """
        checkpoint = checkpoint or self._checkpoint
        # What does not fit is told below, by us.
        how = {"use_safetensors": True, "output_loading_info": True, "ignore_mismatched_sizes": True}
        network, told = self._part(kind, checkpoint, **how)
        named, hint = f"`{checkpoint.setting}` = {checkpoint.model!r}", "Name a checkpoint of that kind."
        if missing := sorted(told["missing_keys"]):
            raise ModelUnavailable(f"{named} lacks {len(missing)} weights of {kind}, e.g. {missing[0]}.", hint=hint)
        if told["mismatched_keys"]:
            names = sorted(name for name, *_ in told["mismatched_keys"])
            raise ModelUnavailable(f"{named} holds weights that do not fit {kind}, e.g. {names[0]}.", hint=hint)
        return self._placed(network.float().eval())


def _keep_quiet() -> None:
    """Have transformers say nothing by itself: what matters is raised, and its bars would break up the terminal's."""
    logging = imported("transformers.utils.logging")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # AST's lowest bands are narrower than what its frames resolve: so it was trained.
    warnings.filterwarnings("ignore", "At least one mel filter has all zero values", UserWarning)


def stretches(num_samples: int, length: int) -> list[slice]:
    """Cut a clip into as few pieces of `length` samples as cover it, the last of which ends with the clip.

    A clip that is shorter is one piece as it is.
    """
    count = max(1, math.ceil(num_samples / length))
    last = max(0, num_samples - length)
    starts = (min(index * length, last) for index in range(count))
    return [slice(start, min(start + length, num_samples)) for start in starts]


def by_clip(results: Sequence[Result], cuts: Sequence[Sequence[Any]]) -> list[Sequence[Result]]:
    """Deal out the results of all pieces, which follow each other, to the clips that were cut into them."""
    ends = np.cumsum([len(cut) for cut in cuts], dtype=int)
    return [results[end - len(cut) : end] for end, cut in zip(ends, cuts, strict=True)]
