"""Phrases about music: its name, what plays it, who sings to it, where it stands."""

import random
from dataclasses import replace

from fusionaudio_assets.captioning.facts import Heard, Music
from fusionaudio_assets.captioning.relations import names_voices, takes_no_article
from fusionaudio_assets.captioning.wording import joined
from resources.english import is_plural, with_article

_PACES = {"slow": "slow", "fast": "fast-paced"}
_CHARACTERS = 2
"""Adjectives before a genre; more read like a list."""


class MusicPhrases:
    """Wordings for one clip's music, picked by `rng`."""

    def __init__(self, music: Music, singing: Heard | None, rng: random.Random) -> None:
        self.music = replace(music, genre="") if singing and names_voices(music.genre) else music
        self.singing = singing
        self.rng = rng
        self._bare = all(takes_no_article(one.split()[-1]) for one in music.instruments)

    def name(self, *, paced: bool = True) -> str:
        """Return the music with its character: ``"slow, calm ambient music"``; a moderate tempo needs no adjective."""
        tempo = _PACES.get(self.music.tempo, "") if paced else ""
        character = ", ".join([*filter(None, (tempo,)), *self.music.moods][:_CHARACTERS])
        return " ".join(filter(None, (character, self.music.genre, "music")))

    def full(self) -> str:
        """Return the music with its instruments."""
        if not self.music.instruments:
            return self.name()
        return f"{self.name()} {self.rng.choice(('with', 'with', 'featuring'))} {self._players()}"

    def lead(self) -> str:
        """Return a clause in which the music is all there is, with instruments, voices and tempo."""
        if self.singing:
            return self._sung()
        (name, tempo), players = self._paced(), self._players()
        if not players:
            return "music can be heard" if name == "music" else f"{name} plays{tempo}"
        subject = self._players(articles=True)
        plural = len(self.music.instruments) > 1 or is_plural(self.music.instruments[0])
        played = "" if name == "music" else f" {name}"
        if not (played or tempo):
            return f"{subject} can be heard playing"
        options = [f"{subject} {'play' if plural else 'plays'}{played}{tempo}"]
        if played:
            options.append(f"{name} plays{tempo}, with {players}")
        if tempo:
            options += [f"{name} with {players} plays{tempo}", f"{name} featuring {players} plays{tempo}"]
        return self.rng.choice(options)

    def passing(self, *, begins: bool, to_end: bool) -> str:
        """Return a clause in which the music is one sound among others."""
        voice = f" with {self.rng.choice(self.singing.nouns)}" if self.singing and not self.music.instruments else ""
        begun, ended = ("starts to play", "plays for some time"), ("plays", "plays at first")
        verb = (begun if begins else ended)[not to_end]
        return f"{self.full()}{voice} {verb}"

    def behind(self) -> str:
        """Return a clause in which the music stands behind other sounds."""
        voice = f", with {self.rng.choice(self.singing.nouns)}" if self.singing else ""
        options = (
            f"{self.full()} plays in the background{voice}",
            f"in the background, {self.full()} plays{voice}",
            f"all the while, {self.full()} plays{voice}",
        )
        return self.rng.choice(options)

    def under(self, lead: str) -> tuple[str, str]:
        """Set music under a short clause; returns it, and a sentence on what plays the music, which may be empty."""
        if self.singing:
            return f"{lead} over {self.full()} and {self.rng.choice(self.singing.nouns)}", ""
        bound = bool({"while", "as", "before"} & set(lead.split()))
        if self.music.instruments and self.rng.random() < 0.3:
            under = [f"{lead} over {self.name()}", *([] if bound else [f"{lead} as {self.name()} plays"])]
            return self.rng.choice(under), f"the music features {self._players(articles=True)}"
        options = [f"{lead} over {self.full()}"]
        if not self.music.instruments and not bound:
            options.append(f"{lead} while {self.name()} plays")
        return self.rng.choice(options), ""

    def _sung(self) -> str:
        assert self.singing
        clause = self.rng.choice(self.singing.clauses)
        (name, tempo), players = self._paced(), self._players()
        if not players:
            return self.rng.choice((f"{clause} to {name}{tempo}", f"{name} plays{tempo} while {clause}"))
        return self.rng.choice(
            (
                f"{clause} over {name} with {players}{tempo}",
                f"{name} with {players} plays{tempo} while {clause}",
                f"{clause} to {name}{tempo}, accompanied by {players}",
            )
        )

    def _players(self, *, articles: bool = False) -> str:
        bare = self._bare and not articles
        return joined([one if bare or not _takes_article(one) else with_article(one) for one in self.music.instruments])

    def _paced(self) -> tuple[str, str]:
        """Return the music's name, and its tempo as a phrase where the name does not tell it."""
        if self.music.tempo in _PACES and self.rng.random() < 0.6:
            return self.name(), ""
        tempo = f" at a {self.music.tempo} {self.rng.choice(('tempo', 'pace'))}" if self.music.tempo else ""
        return self.name(paced=False), tempo


def _takes_article(noun: str) -> bool:
    return not (is_plural(noun) or noun.endswith("ing")) and noun not in {
        "percussion",
        "timpani",
        "tabla",
        "bass",
        "brass",
    }
