"""How vLLM is started for a run: the `serve` section of a served model in a profile."""

import os
import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from resources.errors import ModelUnavailable, SettingError
from resources.local_server import Launch

KEY_VARIABLE = "VLLM_API_KEY"

_OWN_ARGUMENTS = {
    "--api-key": "set `api_key_env`, or leave it to be made up: anybody can read the arguments of a process",
    "--gpu-memory-utilization": "set `serve.gpu_memory_share`",
    "--host": "it listens on loopback only",
    "--model": "set `model` and `serve.weights`",
    "--port": "a free one is taken",
    "--revision": "set `model_revision`",
    "--served-model-name": "set `model`",
}
"""Arguments that follow from settings."""


class VllmServer(BaseModel):
    """vLLM on this machine, in an environment of its own, on loopback, behind a key.

    Nothing in it decides what is answered: arguments that do are the served model's `model_arguments`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str = Field("vllm", description="The command `vllm`, or the Python of its environment with `as_module`.")
    as_module: bool = Field(False, description="Run `PROGRAM -m vllm.entrypoints.openai.api_server`, not `vllm serve`.")
    weights: str = Field("", description="Folder of the weights; empty for `model` at `model_revision` from the hub.")
    arguments: tuple[str, ...] = Field((), description="More arguments, e.g. [--tensor-parallel-size, '2'].")
    environment: dict[str, str] = Field(default_factory=dict, description="Variables beside those of the run.")
    gpu_memory_share: float = Field(0.9, gt=0, le=1, description="Share of the device's memory that it may take.")
    start_timeout_s: float = Field(900.0, gt=0, description="Bound on loading the model.")
    keep: bool = Field(
        True,
        description="Leave it up for the next run; `fusionaudio models stop` ends it. Else it ends after the stage.",
    )

    @field_validator("arguments")
    @classmethod
    def _are_none_of_ours(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return no_own_arguments(arguments)

    @field_validator("environment")
    @classmethod
    def _holds_no_key(cls, environment: dict[str, str]) -> dict[str, str]:
        if KEY_VARIABLE in environment:
            raise ValueError(f"{KEY_VARIABLE} is a key, which stands in no profile: set `api_key_env`")
        return environment

    def launch(self, model: str, revision: str, model_arguments: tuple[str, ...], api_key: str) -> Launch:
        """What starts it.

        Args:
            model: Name under which it serves the model; without `weights` that of the hub's model.
            revision: Commit of the hub's model.
            model_arguments: Arguments that change what is answered.
            api_key: The key that it will ask for; empty for a random one.

        Raises:
            ModelUnavailable: The program or the weights are not there.
            SettingError: `weights` is a relative path.
        """
        if self.weights and not Path(self.weights).is_absolute():  # terminal and daemon start in different folders
            raise SettingError(
                f"`serve.weights` = {self.weights!r} is a relative path.", hint="Give it from the root on."
            )
        if self.weights and not (Path(self.weights) / "config.json").is_file():
            raise ModelUnavailable(
                f"`serve.weights` names {self.weights}, where there is no model: it has no config.json.",
                hint="Give a folder in the format of transformers.",
            )
        program = self._found()
        where = self.weights or model
        start = (program, "-m", "vllm.entrypoints.openai.api_server", "--model", where)
        return Launch(
            title=f"vLLM for {model}",
            command=(
                *(start if self.as_module else (program, "serve", where)),
                *(() if self.weights else ("--revision", revision)),
                *("--served-model-name", model, "--host", "127.0.0.1"),
                *("--gpu-memory-utilization", f"{self.gpu_memory_share:g}"),
                *("--uvicorn-log-level", "warning"),  # a line for each request would fill the disk
                *model_arguments,
                *self.arguments,
            ),
            environment={"VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", **self.environment},
            key_variable=KEY_VARIABLE,
            api_key=api_key,
            start_timeout_s=self.start_timeout_s,
            ends_with_starter=not self.keep,
        )

    def _found(self) -> str:
        found = shutil.which(self.program)
        if found is None:
            raise ModelUnavailable(
                f"`serve.program` = {self.program!r} is no program on this machine.",
                hint="Install vLLM into an environment of its own, and give the path of its `vllm`.",
            )
        return os.path.abspath(found)  # noqa: PTH100 - a resolved link would leave the environment


def no_own_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments as they are.

    Raises:
        ValueError: One of them is for a setting to say.
    """
    for argument in arguments:
        if way := _OWN_ARGUMENTS.get(argument.partition("=")[0].replace("_", "-")):
            raise ValueError(f"{argument.partition('=')[0]} is not for here: {way}")
    return arguments
