"""Fingerprints: when two rows are the same without computing either.

A fingerprint is the SHA-256 over the canonical JSON of a stage's identity and of the work of one clip. The idea of
keying reuse by content instead of by time follows build systems such as Bazel.
"""

import hashlib
import json
from typing import Any

from fusionaudio_assets.stage.spec import Skip, Stage, Work
from resources.adapter import Json
from resources.profile import StageProfile


def canonical_json(value: Json) -> str:
    """One text per value: sorted keys, no spaces, UTF-8; NaN and infinity are refused.

    Raises:
        ValueError: The value holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """Hex SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stage_identity(stage: Stage[Any, Any], profile: StageProfile) -> dict[str, Json]:
    """All that decides a stage's output besides the clip.

    The gate is left out: what it decides shows in the work itself.
    """
    return {
        "stage": stage.name,
        "version": stage.version,
        "models": profile.identities(),
        "params": profile.params.model_dump(mode="json"),
        "also": stage.also(profile.params),
    }


class Fingerprinter:
    """Fingerprints the clips of one stage."""

    def __init__(self, stage: Stage[Any, Any], profile: StageProfile) -> None:
        self.stage_hash = sha256_text(canonical_json(stage_identity(stage, profile)))

    def of(self, derived: Work | Skip) -> str:
        """Fingerprint of a clip: of its work, or of the fact that there is none."""
        if isinstance(derived, Skip):
            # Not of the stage's identity: a skipped row stays as it is when the model it did not need changes.
            return sha256_text(canonical_json({"skip": derived.reason.value, "detail": derived.detail}))
        content: Json = {
            "stage": self.stage_hash,
            "inputs": derived.inputs,
            "payloads": {name: ref.sha256 for name, ref in derived.payloads.items()},
        }
        return sha256_text(canonical_json(content))
