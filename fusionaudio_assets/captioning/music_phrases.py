"""Phrases about music: its name, what leads it, what colours it."""

import random
from collections.abc import Sequence

from fusionaudio_assets.captioning.facts import Heard, Music
from resources.english import is_plural, with_article


def listed(items: Sequence[str], conjunction: str = "and") -> str:
    """Join phrases as prose does: ``"a, b and c"``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


class MusicPhrases:
    """Wordings for one clip's music, picked by `rng`."""

    def __init__(self, music: Music, singing: Heard | None, rng: random.Random) -> None:
        self.music = music
        self.singing = singing
        self.rng = rng

    def name(self) -> str:
        """Return the music with its moods and genre: ``"calm, slow ambient music"``."""
        moods = ", ".join(self.music.moods)
        return " ".join(filter(None, (moods, self.music.genre, "music")))

    def lead(self) -> str:
        """Return a clause in which the music is all there is, with instruments, voices and tempo."""
        if self.singing:
            return self._sung()
        name, players, tempo = self.name(), self._players(), self._tempo()
        if not players:
            return self.rng.choice((f"{name} plays{tempo}", f"{name} plays throughout{tempo}"))
        if name == "music" and not tempo:
            return self.rng.choice(
                (f"music with {players} plays", f"{self._players(articles=True)} can be heard in the music")
            )
        options = [f"{name} plays{tempo}, with {players}", f"{name} with {players} plays{tempo}"]
        options.append(f"{self._players(articles=True)} can be heard in {_piece(name)}{tempo}")
        if len(self.music.instruments) == 1:
            options.append(f"{self._players(articles=True)} {'play' if _is_plural(players) else 'plays'} {name}{tempo}")
        return self.rng.choice(options)

    def passing(self) -> str:
        """Return a clause in which the music is one sound among others."""
        players = f" with {self._players()}" if self.music.instruments else ""
        voice = f" with {self.rng.choice(self.singing.nouns)}" if self.singing and not players else ""
        return f"{self.name()}{players}{voice} plays{self._tempo()}"

    def behind(self, name: str) -> str:
        """Return a clause in which the music stands behind other sounds."""
        players = f" with {self._players()}" if self.music.instruments else ""
        voice = f", with {self.rng.choice(self.singing.nouns)}" if self.singing else ""
        tempo = self._tempo()
        return self.rng.choice(
            (
                f"{name}{players} plays in the background{tempo}{voice}",
                f"in the background, {name}{players} plays{tempo}{voice}",
            )
        )

    def details(self) -> str:
        """Return a sentence on instruments and tempo, empty when neither is known."""
        players, tempo = self._players(), self._tempo()
        if players:
            return f"The music {self.rng.choice(('features', 'includes'))} {players}{tempo}."
        return (
            self.rng.choice((f"The music goes on{tempo}.", f"The music has a {self.music.tempo} pace."))
            if tempo
            else ""
        )

    def _sung(self) -> str:
        assert self.singing
        clause, noun = self.rng.choice(self.singing.clauses), self.rng.choice(self.singing.nouns)
        players = f" with {self._players()}" if self.music.instruments else ""
        name, tempo = self.name(), self._tempo()
        return self.rng.choice((f"{clause} over {name}{players}{tempo}", f"{name}{players} plays{tempo}, with {noun}"))

    def _players(self, *, articles: bool = False) -> str:
        named = [with_article(one) if _takes_article(one, always=articles) else one for one in self.music.instruments]
        return listed(named)

    def _tempo(self) -> str:
        return f" at a {self.music.tempo} {self.rng.choice(('tempo', 'pace'))}" if self.music.tempo else ""


def _piece(name: str) -> str:
    return f"a piece of {name}"


def _takes_article(noun: str, *, always: bool) -> bool:
    return (always or noun.endswith("instrument")) and not _is_plural(noun)


def _is_plural(noun: str) -> bool:
    return is_plural(noun) or noun in {"percussion", "timpani", "tabla", "bass", "brass"}
