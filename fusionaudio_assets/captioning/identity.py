"""What decides captions and questions besides cues, settings and answers of models: the tables of words."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from resources.sound_names import wording_sha256

GROUNDING_TABLES = ("grounding.yaml", "grounding_weights.yaml", "lexicon.txt")
CAPTION_TABLES = ("word_lists.yaml", "relations.yaml", "leak_words.yaml", *GROUNDING_TABLES)
QUESTION_TABLES = (*CAPTION_TABLES, "qa_tables.yaml")


def tables_sha256(names: Sequence[str]) -> str:
    """Return one SHA-256 of tables of this package and of the wording of sounds.

    It belongs into fingerprints, so that nobody who edits a line of a table has to remember to raise a version.
    """
    hashes = [wording_sha256(), *map(_sha256, names)]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


@cache
def _sha256(name: str) -> str:
    return hashlib.sha256(files("fusionaudio_assets.captioning").joinpath(name).read_bytes()).hexdigest()
