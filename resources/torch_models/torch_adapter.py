"""What adapters on torch have in common: settings of the device, and how a network is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import PackageNotFoundError

from pydantic import Field

from resources.adapter import Adapter, runtime
from resources.torch_models.device import (
    Batches,
    Device,
    Precision,
    chosen_device,
    imported,
    not_installed,
    release_memory,
)


class TorchAdapter(Adapter):
    """Settings of the device, and a context to compute in.

    The precision is part of the identity, as it is for Whisper: half precision gives other numbers. What is loaded is
    kept in cached properties.
    """

    precision: Precision = Field("float32", description="Of products of matrices; what is delicate stays in float32.")
    device: Device = runtime("auto", "Where the network runs; 'auto' takes a GPU when there is one.")
    batch_size: int = runtime(8, "Most inputs per run of the network; halved when they do not fit into memory.", ge=1)

    @property
    def library_versions(self) -> tuple[str, ...]:
        """As of every adapter.

        Raises:
            ModelUnavailable: The extra `gpu` is not installed.
        """
        try:
            return super().library_versions
        except PackageNotFoundError as error:
            raise not_installed(error.name, "is not installed") from error

    @cached_property
    def _on(self) -> str:
        """The device in torch's words."""
        return chosen_device(self.device)

    @cached_property
    def _batches(self) -> Batches:
        return Batches(self.batch_size)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Compute without gradients, in the precision that is set."""
        torch = imported("torch")
        if self.precision == "float32":
            with torch.inference_mode():
                yield
        else:
            with torch.inference_mode(), torch.autocast(self._on, getattr(torch, self.precision)):
                yield

    def close(self) -> None:
        """Release the network and the GPU's memory."""
        loaded = set(self.__dict__) - set(type(self).model_fields)
        for name in loaded:
            del self.__dict__[name]
        if loaded:
            release_memory()
