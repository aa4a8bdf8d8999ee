"""Phrases about music: its name, what plays it, who sings to it, where it stands."""

import random
from dataclasses import replace

from fusionaudio_assets.captioning.heard import Heard, Music
from fusionaudio_assets.captioning.relations import names_its_music, names_voices
from fusionaudio_assets.captioning.wording import joined
from resources.english import is_plural, with_article

_PACES = {"slow": "slow", "fast": "fast"}
_PACED = {"slow": "slowly", "fast": "fast"}
_ADJECTIVES = 2
"""Words before "music", its genre among them; more read like a list."""

_SAME = frozenset({("electronic", ("synthesizer",))})
"""Genres beside what plays them that tell the same."""

_BEATS = frozenset({"drum", "drums", "drum kit", "drum machine", "drum set", "percussion"})


class MusicPhrases:
    """Wordings for one clip's music, picked by `rng`; `complete` ones leave nothing out for a smoother sentence."""

    def __init__(self, music: Music, singing: Heard | None, rng: random.Random, *, complete: bool = False) -> None:
        if not complete and (music.genre, music.instruments) in _SAME:
            music = replace(music, instruments=())
        self.music = _paced(replace(music, genre="") if singing and names_voices(music.genre) else music)
        self.singing = singing
        self.rng = rng
        one = music.instruments[0] if len(music.instruments) == 1 else ""
        self._room = _ADJECTIVES - bool(self.music.genre and not complete)
        """For characters before the genre."""
        crowded = complete and bool(self.music.genre) and bool(self.music.moods or self.music.tempo in _PACES)
        self._own = one if one and names_its_music(one) and not crowded else ""
        """The instrument that gives the music its name: "piano music"."""

    def name(self, *, paced: bool = True) -> str:
        """Return the music with its character: ``"calm ambient music"``; a moderate tempo needs no adjective.

        Beside a genre there is room for one character, and a mood tells more than a tempo.
        """
        tempo = _PACES.get(self.music.tempo, "") if paced else ""
        if self._room < _ADJECTIVES and self.music.moods:
            tempo = ""
        character = ", ".join([*filter(None, (tempo,)), *self.music.moods][: self._room])
        return " ".join(filter(None, (character, self.music.genre, "music")))

    def full(self) -> str:
        """Return the music with its instruments: ``"sad piano music"``, ``"rock music with a guitar and drums"``."""
        if self._own:
            return f"{self.name().removesuffix('music')}{self._own} music"
        return f"{self.name()} with {self._players()}" if self.music.instruments else self.name()

    def heard(self) -> str:
        """Return the music where no verb follows: ``"classical music played on a piano"``."""
        return self.full() if self._own or not self.music.instruments else f"{self.name()}{self._on()}"

    def noun(self) -> str:
        """Return the music, or what plays it where no more is known."""
        return self.heard() if self._is_told or self._own or not self.music.instruments else self._players()

    def clause(self) -> str:
        """Return a clause in which the music, or what plays it, plays."""
        if self._has_beat and not self._by_drums:
            return self._plays()
        subject, verb, played = self._doing()
        return f"{subject} {verb}{played}"

    def lead(self) -> str:
        """Return a clause in which the music is all there is, with instruments and voices."""
        if self.singing:
            return self._sung()
        if not self.music.instruments:
            return f"{self.name()} plays"
        if self._by_drums:
            return self.clause()
        options = ["{} {}{}".format(*self._played())]
        if self._own or (self._is_told and len(self.music.instruments) > 1):
            options.append(self._plays())
        return self.rng.choice(options)

    def passing(self, *, begins: bool, to_end: bool) -> str:
        """Return a clause in which the music is one sound among others."""
        subject, verb, played = self._doing()
        if not (begins and to_end):
            return f"{subject} {verb}{played}"
        s = "" if verb == "play" else "s"
        return f"{subject} {self.rng.choice((f'start{s} to play', f'start{s} playing', f'begin{s} to play'))}{played}"

    def behind(self) -> str:
        """Return a clause in which the music stands behind other sounds."""
        voice = f", with {self.rng.choice(self.singing.nouns)}" if self.singing else ""
        options = (f"{self.full()} plays in the background{voice}", f"in the background, {self._plays()}{voice}")
        return self.rng.choice(options)

    def under(self, lead: str) -> str:
        """Set music under a short clause."""
        if self.singing:
            bound = {"while", "as", "after"} & set(lead.split())
            if self.music.instruments and not bound:
                return f"{lead} over {self.heard()} as {self.rng.choice(self.singing.clauses)}"
            return f"{lead} over {self.name()} and {self.rng.choice(self.singing.nouns)}"
        options = [f"{lead} over {self.heard()}"]
        if not {"while", "as", "after"} & set(lead.split()):
            options.append(f"{lead} while {self.clause()}")
        return self.rng.choice(options)

    def _sung(self) -> str:
        assert self.singing
        clause = self.rng.choice(self.singing.clauses)
        if not self.music.instruments:
            return self.rng.choice((f"{clause} to {self.name()}", f"{self.name()} plays while {clause}"))
        options = [f"{clause} over {self.heard()}", f"{clause} to {self.heard()}"]
        if self._is_told and self.singing.label != "Rapping":
            options.append(f"{self.clause()} while {clause}")
        return self.rng.choice(options)

    @property
    def _is_told(self) -> bool:
        """There is more to say of the music than that it is music, and how fast."""
        return self.name(paced=False) != "music"

    @property
    def _has_beat(self) -> bool:
        """Drums play no music that has another name: it goes with them."""
        return self._is_told and not self._own and not _BEATS.isdisjoint(self.music.instruments)

    @property
    def _by_drums(self) -> bool:
        return self._has_beat and _BEATS.issuperset(self.music.instruments)

    def _on(self) -> str:
        """Return what the music is played on, with a space before; several instruments go without articles."""
        players = self._players() if len(self.music.instruments) == 1 else joined(self.music.instruments)
        return f" {'with' if self._by_drums else 'played on'} {players}"

    def _plays(self) -> str:
        """Return a clause of which the music is the subject: ``"jazz music is played on a piano"``."""
        named = self._own or not self.music.instruments or self._by_drums
        return f"{self.full()} plays" if named else f"{self.name()} is{self._on()}"

    def _doing(self) -> tuple[str, str, str]:
        """Return subject, verb and object of a clause: the music itself, or what plays it."""
        if self.singing and not self.music.instruments:
            return f"{self.full()} with {self.rng.choice(self.singing.nouns)}", "plays", ""
        if self._own or not self.music.instruments or self._has_beat:
            return self.full(), "plays", ""
        return self._played()

    def _played(self) -> tuple[str, str, str]:
        """Return subject, verb and object of ``"a piano and drums play fast blues music"``."""
        many = len(self.music.instruments) > 1 or is_plural(self.music.instruments[0])
        played = self.name() if self._is_told else _PACED.get(self.music.tempo, "")
        return self._players(), "play" if many else "plays", f" {played}" if played else ""

    def _players(self) -> str:
        return joined([with_article(one) if _takes_article(one) else one for one in self.music.instruments])


def _paced(music: Music) -> Music:
    """Take "slow" for a tempo where no tempo was measured."""
    pace = next((mood for mood in music.moods if mood in _PACES), "")
    if music.tempo or not pace:
        return music
    return replace(music, tempo=pace, moods=tuple(mood for mood in music.moods if mood != pace))


def music_name(music: Music) -> str:
    """Return music with its character and instruments: ``"slow jazz music with a piano and drums"``."""
    return MusicPhrases(music, None, random.Random(0), complete=True).full()


def _takes_article(noun: str) -> bool:
    return not (is_plural(noun) or noun.endswith("ing")) and noun.rsplit(maxsplit=1)[-1] not in {
        "percussion",
        "timpani",
        "tabla",
        "bass",
        "brass",
    }
