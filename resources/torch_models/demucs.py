"""Demucs: vocals from a mixture by networks on the waveform and its spectrum.

Rouard, Massa & Défossez, "Hybrid Transformers for Music Source Separation", ICASSP 2023 (`htdemucs`, and `htdemucs_ft`,
of which one network is fine-tuned for each source).
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from resources.adapter import runtime
from resources.embedded.onnx_graph import answering
from resources.errors import ModelUnavailable
from resources.hub import Checkpoint, Commit
from resources.load_time import loads
from resources.separator import Separator
from resources.torch_models import demucs_checkpoints
from resources.torch_models.demucs_checkpoints import Bag
from resources.torch_models.device import imported
from resources.torch_models.torch_adapter import TorchAdapter

_VOCALS = "vocals"
_QUIET = 1e-8
"""Added to the level that a mixture is divided by, as Demucs does: silence stays silence."""


class Demucs(TorchAdapter, Separator):
    """Any model of Demucs 4 with a stem of vocals.

    Mixtures are padded with silence to whole seconds, and those of equal length share a batch: what comes out of a
    mixture does not depend on the others. Of a bag only those networks run that have a say in the vocals: one of the
    four of `htdemucs_ft`. Unlike Demucs itself the vocals get no share of the mixture's offset.
    """

    libraries: ClassVar[tuple[str, ...]] = ("demucs", "torch")
    sample_rate_hz: ClassVar[int] = 44_100

    model: str = Field("htdemucs", description="Name or signature of a model.")
    repository: str = Field(
        "",
        description="Folder of checkpoints and bags, or (with hub_revision) a model of the hub; when empty, the "
        "published models in torch's cache.",
    )
    hub_revision: Commit = Field("", description="Commit of the hub's model, when `repository` names one.")
    overlap: float = Field(0.25, ge=0, lt=1, description="Share of a stretch of audio that the next one covers too.")
    batch_size: int = runtime(
        1, "Mixtures in the first batch; on a CPU one by itself is quickest, on a GPU they grow to what fits.", ge=1
    )
    shifts: int = Field(0, ge=0, description="Runs over shifted audio whose mean is taken; 0 is one run as it is.")

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return self.model

    @property
    def revision(self) -> str:
        """Signatures and checksums of the published checkpoints; SHA-256 of those in a folder."""
        if self.repository and not self._checkpoint.is_folder:
            return self._checkpoint.revision
        if self.repository:
            return demucs_checkpoints.folder_revision(Path(self.repository), self._bag)
        return ",".join(name.removesuffix(".th") for name in self._bag.checkpoints)

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The repository."""
        return (self._checkpoint,) if self.repository else ()

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self.repository, self.hub_revision, demucs_checkpoints.FILES, setting="repository")

    @cached_property
    def _bag(self) -> Bag:
        if self.repository:
            return demucs_checkpoints.local(self._checkpoint.folder(), self.model)
        return demucs_checkpoints.published(self.model)

    @cached_property
    @loads
    def _network(self) -> list[tuple[Any, float]]:
        """The networks that have a say in the vocals, each with its share."""
        torch_cache = Path(imported("torch").hub.get_dir()) / "checkpoints"
        folder = self._checkpoint.folder() if self.repository else torch_cache
        networks = [demucs_checkpoints.read_network(folder / name) for name in self._bag.checkpoints]
        for network in networks:
            self._check(network)
        bag = imported("demucs.apply").BagOfModels(networks, self._bag.weights, self._bag.segment_s)
        says = [weights[bag.sources.index(_VOCALS)] for weights in bag.weights]
        if not sum(says):
            raise ModelUnavailable(f"No network of {self.model} counts for the {_VOCALS}.")
        return [(self._placed(network), say / sum(says)) for network, say in zip(bag.models, says, strict=True) if say]

    def load(self) -> None:
        """Load the networks onto their device."""
        _ = self._network

    def _check(self, network: Any) -> None:
        if network.samplerate != self.sample_rate_hz or network.audio_channels != 2 or _VOCALS not in network.sources:
            raise ModelUnavailable(
                f"{self.model} separates {network.audio_channels} channels at {network.samplerate} Hz into "
                f"{', '.join(network.sources)}; stereo at {self.sample_rate_hz} Hz with {_VOCALS} is needed."
            )

    def probe(self) -> None:
        """Separate a fifth of a second of noise."""
        noise = np.random.RandomState(0).uniform(-0.1, 0.1, (2, self.sample_rate_hz // 5)).astype(np.float32)
        with answering(self.model_name):
            (vocals,) = self.separate([noise])
            if not np.isfinite(vocals).all():
                raise ValueError("the vocals of a probe are not finite")

    def separate(self, mixtures: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Separate the vocals; see `Separator.separate`."""
        self.load()
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, mixture in enumerate(mixtures):
            by_length[-(-mixture.shape[1] // self.sample_rate_hz)].append(index)
        vocals = [np.zeros_like(mixture) for mixture in mixtures]
        for seconds, indices in by_length.items():
            if seconds:
                found = self._batches.compute(self._separate, [mixtures[index] for index in indices])
                for index, stem in zip(indices, found, strict=True):
                    vocals[index] = stem
        return vocals

    def _separate(self, mixtures: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Separate mixtures of as many seconds each, in one batch."""
        torch, apply_model = imported("torch"), imported("demucs.apply").apply_model
        levels = [float(mixture.mean(axis=0).std()) + _QUIET for mixture in mixtures]
        inputs = np.stack([self._padded(*pair) for pair in zip(mixtures, levels, strict=True)])
        vocals = torch.zeros(inputs.shape)
        with self._computing(), _seeded():
            on_device = self._moved(torch.from_numpy(inputs))
            for network, share in self._network:
                stems = apply_model(network, on_device, shifts=self.shifts, overlap=self.overlap, device=self._on)
                vocals += share * stems[:, network.sources.index(_VOCALS)].float().cpu()
        return [
            self._fitted(stem * np.float32(level), mixture)
            for stem, level, mixture in zip(vocals.numpy(), levels, mixtures, strict=True)
        ]

    def _padded(self, mixture: NDArray[np.float32], level: float) -> NDArray[np.float32]:
        """Both channels at a level of one, with silence up to a whole second."""
        levelled = (mixture - mixture.mean()) / np.float32(level)
        stereo = np.broadcast_to(levelled, (2, mixture.shape[1]))
        return np.pad(stereo, ((0, 0), (0, -mixture.shape[1] % self.sample_rate_hz)))

    @staticmethod
    def _fitted(stem: NDArray[np.float32], mixture: NDArray[np.float32]) -> NDArray[np.float32]:
        """In the shape of the mixture, in memory of its own."""
        cut = stem[:, : mixture.shape[1]]
        return cut.mean(axis=0, keepdims=True) if len(mixture) == 1 else cut.copy()


@contextmanager
def _seeded() -> Iterator[None]:
    """Let Demucs draw the same shifts every time, and leave everyone else's numbers alone."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)
