"""Where torch computes: what all adapters on torch share, and no model.

torch comes with the extra `gpu`. Without it these modules still import, so that a profile which names them is read and
validated anywhere; loading a model then says what to install.
"""

import importlib
from typing import Any, Literal

from resources.errors import ModelUnavailable, SettingError, clause

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "bfloat16", "float16"]


def imported(module: str) -> Any:
    """Import what the extra `gpu` brings.

    Raises:
        ModelUnavailable: It is not installed, or does not import here.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError, RuntimeError) as error:  # a torch built for other drivers raises the latter two
        raise not_installed(module.partition(".")[0], f"does not import: {clause(error)}") from error


def not_installed(package: str, why: str) -> ModelUnavailable:
    """The error of a model whose library is not there."""
    return ModelUnavailable(
        f"This model needs {package}, which {why}.", hint="Install it with `pip install 'fusionaudio[gpu]'`."
    )


def chosen_device(device: Device) -> str:
    """Name of the device in torch's words: ``"cuda"`` or ``"cpu"``.

    Raises:
        SettingError: A GPU is asked for and there is none.
        ModelUnavailable: torch is not installed.
    """
    has_gpu = bool(imported("torch").cuda.is_available())
    if device == "cuda" and not has_gpu:
        raise SettingError(
            "device is 'cuda', but torch sees no GPU on this machine.",
            hint="Set device to 'auto' or 'cpu', or install a torch that fits the driver.",
        )
    return "cuda" if has_gpu and device != "cpu" else "cpu"
