"""Typed errors of everything outside the graph.

An adapter raises one of these; the stage maps it to the reason of a row or stops the run. Whoever meets one at a
prompt reads three things: what is wrong (with the file or setting named), why, and the way out.
"""


class ResourceError(Exception):
    """Base of all errors that a resource raises on purpose.

    Attributes:
        hint: The way out, one sentence in the imperative; empty when there is none.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message


def clause(error: BaseException) -> str:
    """What another library says, to go into a sentence: without the full stop that some of them end with."""
    return str(error).strip().rstrip(".")


class ClipError(ResourceError):
    """One clip cannot be processed; every other clip can.

    Attributes:
        reason: A value of `fusionaudio_assets.reasons.Reason`, e.g. ``"truncated"``.
        permanent: True when trying again is useless until the clip's bytes change.
    """

    def __init__(self, reason: str, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.permanent = permanent

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return _rebuild_clip_error, (self.reason, self.args[0], self.permanent)


def _rebuild_clip_error(reason: str, message: str, permanent: bool) -> ClipError:
    return ClipError(reason, message, permanent=permanent)


class ModelUnavailable(ResourceError):
    """A model cannot be loaded or does not answer: the fault of the stage, never of a clip."""


class WeightsMissing(ModelUnavailable):
    """Weights are not in the cache, or not the pinned ones."""


class OutOfMemory(ResourceError):
    """Memory does not suffice for one input alone: the fault of the clip, unless the model fails on its probe too."""


class SettingError(ResourceError):
    """A profile, a lake or an option holds a value that cannot be used."""


class LakeError(ResourceError):
    """The lake cannot be read or written as asked."""
