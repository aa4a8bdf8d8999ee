"""musicnn's tags sorted into genres, instruments, moods and vocals, and a sentence made of them."""

from collections.abc import Sequence
from typing import Literal

from resources.music_describer import Labelled

Kind = Literal["genres", "instruments", "moods", "vocals", "no vocals", ""]

MTT_TAGS: tuple[str, ...] = (
    *("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano"),
    *("ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing"),
    *("vocals", "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop"),
    *("soft", "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice"),
    *("female vocal", "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral"),
)
"""In the order of the network that was trained on MagnaTagATune."""

MSD_TAGS: tuple[str, ...] = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul"),
    *("indie rock", "mellow", "electronica", "80s", "folk", "90s", "chill", "instrumental"),
    *("punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental", "female vocalist"),
    *("guitar", "hip-hop", "70s", "party", "country", "easy listening", "sexy", "catchy"),
    *("funk", "electro", "heavy metal", "progressive rock", "60s", "rnb", "indie pop", "sad"),
    *("house", "happy"),
)
"""In the order of the network that was trained on the Million Song Dataset."""

_SORTED: dict[Kind, dict[str, tuple[str, ...]]] = {
    "genres": {
        "alternative rock": ("alternative rock",),
        "ambient": ("ambient",),
        "blues": ("blues",),
        "classical": ("classical", "classic"),
        "country": ("country",),
        "dance": ("dance",),
        "electronic": ("electronic", "electronica", "electro"),
        "experimental": ("experimental",),
        "folk": ("folk",),
        "funk": ("funk",),
        "hard rock": ("hard rock",),
        "hip-hop": ("hip-hop",),
        "house": ("house",),
        "indian": ("indian",),
        "indie pop": ("indie pop",),
        "indie rock": ("indie rock",),
        "jazz": ("jazz",),
        "lounge": ("chillout", "easy listening"),
        "metal": ("metal", "heavy metal"),
        "new-age": ("new age",),
        "operatic": ("opera",),
        "pop": ("pop",),
        "progressive rock": ("progressive rock",),
        "punk": ("punk",),
        "R&B": ("rnb",),
        "rock": ("rock", "classic rock"),
        "soul": ("soul",),
        "techno": ("techno",),
    },
    "instruments": {
        "acoustic instruments": ("acoustic",),
        "cello": ("cello",),
        "drums": ("drums",),
        "flute": ("flute",),
        "guitar": ("guitar",),
        "harp": ("harp",),
        "harpsichord": ("harpsichord",),
        "piano": ("piano",),
        "sitar": ("sitar",),
        "strings": ("strings",),
        "synthesizer": ("synth",),
        "violin": ("violin",),
    },
    "moods": {
        "calm": ("mellow", "chill", "soft", "quiet"),
        "cheerful": ("happy",),
        "fast": ("fast",),
        "loud": ("loud",),
        "sad": ("sad",),
        "slow": ("slow",),
    },
    "vocals": {
        "choir": ("choir", "choral"),
        "female vocals": ("female", "woman", "female vocal", "female voice", "female vocalist", "female vocalists"),
        "male vocals": ("male", "man", "male vocal", "male voice", "male vocalists"),
        "vocals": ("vocal", "vocals", "singing", "voice"),
    },
    "no vocals": {"instrumental": ("no vocals", "no vocal", "no voice", "instrumental")},
}
"""Kind, then label, then the tags that mean it. Tags of taste, decade or nothing audible are in none."""

_BY_TAG: dict[str, tuple[Kind, str]] = {
    tag: (kind, label) for kind, labels in _SORTED.items() for label, tags in labels.items() for tag in tags
}


def sort_tags(scores: dict[str, float], kind: Kind, floor: float) -> tuple[Labelled, ...]:
    """Labels of a kind at or above a floor, best first; a label scores as its best tag."""
    best: dict[str, float] = {}
    for tag, score in scores.items():
        of_kind, label = _BY_TAG.get(tag, ("", ""))
        if of_kind == kind and score >= floor:
            best[label] = max(score, best.get(label, 0.0))
    return tuple(Labelled(label, score) for label, score in sorted(best.items(), key=lambda item: (-item[1], item[0])))


def sort_vocals(scores: dict[str, float], floor: float) -> tuple[Labelled, ...]:
    """Words about voices; empty when the music is more surely without any."""
    vocals = sort_tags(scores, "vocals", floor)
    without = sort_tags(scores, "no vocals", floor)
    if not vocals or (without and without[0].score > vocals[0].score):
        return ()
    particular = tuple(label for label in vocals if label.label != "vocals")
    return particular or vocals


def describe_music(
    genres: Sequence[Labelled],
    instruments: Sequence[Labelled],
    moods: Sequence[Labelled],
    vocals: Sequence[Labelled],
    tempo_bpm: float | None,
) -> str:
    """A sentence about the music, e.g. "Slow jazz music with piano and drums, at about 92 BPM."; empty without cues."""
    if not (genres or instruments or moods or vocals or tempo_bpm):
        return ""
    adjectives = _compatible([mood.label for mood in moods])[:2]
    genre = [genres[0].label] if genres else []
    parts = [label.label for label in (*instruments[:3], *vocals[:1])]
    sentence = " ".join([", ".join(adjectives), *genre, "music"]).strip()
    if parts:
        sentence += f" with {_listed(parts)}"
    if tempo_bpm:
        sentence += f", at about {round(tempo_bpm)} BPM"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _compatible(moods: list[str]) -> list[str]:
    """Drop the weaker word of a contradiction."""
    opposites = {"slow": "fast", "fast": "slow", "calm": "loud", "loud": "calm", "sad": "cheerful", "cheerful": "sad"}
    return [mood for i, mood in enumerate(moods) if opposites.get(mood) not in moods[:i]]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
