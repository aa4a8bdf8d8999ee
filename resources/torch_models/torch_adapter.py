"""What adapters on torch have in common: settings of the device, and how a network is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import PackageNotFoundError
from typing import Any, ClassVar

from pydantic import Field

from resources.adapter import Adapter, runtime
from resources.batches import Batches, is_out_of_memory, release_memory
from resources.errors import ModelUnavailable, clause
from resources.torch_models.device import Device, Precision, chosen_device, imported, not_installed


class TorchAdapter(Adapter):
    """Settings of the device, and a context to compute in.

    The precision is part of the identity, as it is for Whisper: half precision gives other numbers. What is loaded is
    kept in cached properties.
    """

    installed_by: ClassVar[str] = "gpu"

    precision: Precision = Field("float32", description="Of products of matrices; what is delicate stays in float32.")
    device: Device = runtime("auto", "Where the network runs; 'auto' takes a GPU when there is one.")
    batch_size: int = runtime(8, "Inputs in the first batch; halved when they do not fit into memory.", ge=1)
    max_batch_size: int = runtime(
        128,
        "On a GPU batches are doubled up to this while they fit; on a CPU the process would end where memory does.",
        ge=1,
    )

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

    def check_ready(self) -> None:
        """As of every adapter; and a GPU that is asked for must be there."""
        super().check_ready()
        chosen_device(self.device)

    @cached_property
    def _on(self) -> str:
        """The device in torch's words."""
        return chosen_device(self.device)

    @cached_property
    def _batches(self) -> Batches:
        return Batches(self.batch_size, self.max_batch_size if self._on == "cuda" else None)

    @property
    def takes_gpu(self) -> bool:
        """True unless the device is the CPU."""
        return self.device != "cpu"

    @property
    def figures(self) -> dict[str, int | float]:
        """The size of batch that was found, and of a GPU the most memory that was taken so far."""
        if "_batches" not in self.__dict__:
            return {}
        found: dict[str, int | float] = {"batch_size": self._batches.size}
        if self._on == "cuda":
            found["gpu_peak_memory_mb"] = round(imported("torch").cuda.max_memory_allocated() / 1e6, 1)
        return found

    def _placed(self, network: Any) -> Any:
        """The network on its device.

        Raises:
            ModelUnavailable: It does not fit there.
        """
        try:
            return network.to(self._on)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise ModelUnavailable(
                f"{self.model_name} does not fit into the memory of the device {self._on}: {clause(error)}.",
                hint="Give it a device with more memory that is free, name a smaller model, or set device to 'cpu'.",
            ) from error

    def _moved(self, inputs: Any) -> Any:
        """A tensor on the device; it goes to a GPU through pinned memory, and nobody waits for it on the way."""
        return inputs if self._on == "cpu" else inputs.pin_memory().to(self._on, non_blocking=True)

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
        loaded = set(self.__dict__) - set(type(self).model_fields) - {"_batches"}  # what was found holds on
        for name in loaded:
            del self.__dict__[name]
        if loaded:
            release_memory()
