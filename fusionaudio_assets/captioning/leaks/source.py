"""Which part a seen thing plays in a sound that is heard.

What makes a sound may be named by the pictures, where the ears know only the sound: in "a fork scrapes against a
plate" both scrape, and whoever heard "metal scrapes on china" knows no less. So a seen thing is told by ear where it
does, or suffers, what is heard: as its subject, as its object, or as what is struck, rubbed or filled. Places are not,
nor is whoever stands by.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, takewhile

from fusionaudio_assets.captioning.leaks.naming import (
    is_animal,
    is_eaten,
    is_person,
    is_place,
    is_such_an_animal,
    is_thing,
    is_tool,
    kindred_stems,
    made_by_touch,
    spoken_stems,
    voiced_stems,
)
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

_TOUCHING = words(raw()["touching"])
_PREPOSITIONS = words(raw()["prepositions"])
_LOCATING = words("in at on inside outside through along across near around behind down up into onto by past over")
_LOCATING_ONLY = words("in at on inside outside with without")
_MADE_BY = words("of from")
_PASSED = words("over across along round down up through into onto against")
_ARTICLES = words("a an the its their his her some two three many several")
_PASSIVE = words("is are was were being gets get")
_LINKS = _PASSIVE | words("be that which to and or")
_STARTING = words("start starts started begin begins began continue continues keep keeps starting beginning")
_CLAUSE_ENDS = words("while as when before after until and but then whilst during beside near at under by against")
_DEVICES, _GIVING_OUT = stems(raw()["devices"]), words("from over through")
_STANDING_BY = words("front next middle sight view")
_HEDGES = words("perhaps possibly probably likely maybe presumably apparently resembling like")
_INTO = words("into onto")  # "drips from a gutter into a bucket"
_MOVING = stems("tumble drag roll fall fell glide slide slid turn toss spin dive swim plunge")
_SUNG = stems("sing song music dance")
_MANY = stems(raw()["many"])
_RINGING = stems("ring")
_REACH = 6
_LONGEST_NAME = 24
"""In words: without an end, a list of words without commas would be read anew from each of them."""
_BETWEEN_NAMES = FUNCTION_WORDS | _ARTICLES
_ENDING_PHRASES = FUNCTION_WORDS - _ARTICLES
_ENDING_CLAUSES = (_ENDING_PHRASES - _TOUCHING) | _LINKS | _STANDING_BY
_ENDING_SUBJECTS = FUNCTION_WORDS - _LINKS


class Parts:
    """The parts that the words of a caption play in what is heard.

    Args:
        said: The words of the caption.
        heard: Stems that some cue has by ear.
        sharpened: Stems that may name the source of a vague sound.
    """

    def __init__(self, said: Sequence[Token], heard: frozenset[str], sharpened: frozenset[str]) -> None:
        self._said = said
        self._heard = heard
        self._sharpened = sharpened
        self._kindred = kindred_stems(heard)
        self._touches = made_by_touch(self._kindred)

    def told_by_ear(self, index: int) -> bool:
        """Whether a seen thing makes, or suffers, a sound that is heard."""
        one = self._said[index].stem
        if one in self._kindred:
            return True
        if self._is_verb(index):
            return False
        if (kind := self._many_of(index)) is not None:
            return self._said[kind].stem in self._heard or self.told_by_ear(kind)
        name = self._name(index)
        if is_place(name[-1].stem):
            return self._is_kind_of_source(index, name) or self._is_struck(index)
        if one in _DEVICES and self._leading(index) in _GIVING_OUT:
            return bool(self._heard)
        return self._is_kind_of_source(index, name) or self._has_part(index, name)

    def _many_of(self, index: int) -> int | None:
        """Return the place of the animal of which a word tells a number: "a herd of goats"."""
        of = self._said[index + 1 : index + 3]
        counted = self._said[index].stem in _MANY and len(of) > 1 and of[0].text.lower() == "of"
        return index + 2 if counted and of[1].stem not in _MANY else None

    def _has_part(self, index: int, name: Sequence[Token]) -> bool:
        if is_such_an_animal(self._said[index].stem, self._heard) and not self._after_preposition(index):
            return True
        return self._is_hedged(index, name) or self._owns(index, name) or self._takes_part(index, name)

    def _owns(self, index: int, name: Sequence[Token]) -> bool:
        """Whether a sound is that of a thing: "a tent's loose flap", "a dirt bike's engine"."""
        place = next((index + at for at, one in enumerate(name) if one.text.endswith("'s")), None)
        if place is None or not is_thing(self._said[place].stem):
            return False
        return any(token.stem in self._kindred for token in self._said[place + 1 : place + 4])

    def _is_struck(self, index: int) -> bool:
        """Whether a place is but the ground that is struck: "shoes pound the track"."""
        back = (token for token in self._back(index) if token.text.lower() not in _ARTICLES)
        return any(token.stem in self._touches for token in islice(back, 1))

    def tells_a_place(self, index: int) -> bool:
        """Whether a word tells where a sound is made: "in a kitchen", "across a car park"."""
        if not is_place(self._said[index].stem) or len(self._name(index)) > 1:
            return False
        return self._leading(index) in _LOCATING

    def _takes_part(self, index: int, name: Sequence[Token]) -> bool:
        """Whether what is named has a part in a sound: beings only make sounds, things suffer them too."""
        head, kindred = name[-1].stem, self._kindred
        if is_person(head):
            return len(name) == 1 and self._is_subject(index, self._touches & self._heard, _ENDING_SUBJECTS | {"and"})
        if is_animal(head):
            return self._is_subject(index, kindred - (_MOVING - self._heard))
        if not kindred or self._is_of_looks(index, name):
            return False
        sounds = kindred | _RINGING | (self._heard - (spoken_stems() if is_thing(head) else voiced_stems()))
        if is_eaten(head):
            return self._is_subject(index, sounds) and not self._is_passive(index)
        if is_tool(head) and self._works(index):
            return True
        return self._is_subject(index, sounds) or self._goes_with_its_sound(index) or self._is_object(index)

    def _is_of_looks(self, index: int, name: Sequence[Token]) -> bool:
        """Whether a word tells how something looks: "glossy", or "tree" of "tree-lined"; but "a curve" is a thing."""
        if len(name) > 1 and any(one.text.endswith("ed") for one in name):
            return True
        first = self._said[index]
        is_noun = len(name) == 1 and index > 0 and self._said[index - 1].text.lower() in _ARTICLES
        return _is_adjective(first) and not is_noun

    def _is_kind_of_source(self, index: int, name: Sequence[Token]) -> bool:
        """Whether a word is the first part of what is heard: "crossing" of a bell, "kitchen" of a knife."""
        first = self._said[index]
        if self._is_kind_of_animal(index, name):
            return True
        if _is_adjective(first) or (lexicon().kind(first.stem) == "action" and not first.text.endswith("ing")):
            return False
        end = index + len(name)
        following = [one for one in self._said[end : end + 1] if one.start == name[-1].end + 1]
        # In "a perch whistles" it is a verb.
        rest = {one.stem for one in (*name[1:], *(one for one in following if not one.text.endswith("s")))}
        looks = any(one.text.endswith("ed") for one in name)  # "paint-flecked hands"
        sources = rest & (self._heard if looks else self._heard | self._sharpened) - _SUNG
        return any(is_thing(one) and lexicon().kind(one) not in {"animal", "person"} for one in sources)

    def _is_kind_of_animal(self, index: int, name: Sequence[Token]) -> bool:
        """Whether a word tells what an animal that is heard is for: "a guard dog", while a "Samoyed dog" is seen."""
        led = index > 0 and self._said[index - 1].text.lower() in _ARTICLES
        is_breed = is_animal(name[0].stem) or _is_adjective(name[0]) or name[0].text[0].isupper()
        head = name[-1].stem
        return led and len(name) > 1 and not is_breed and is_animal(head) and head in self._heard

    def _is_hedged(self, index: int, name: Sequence[Token]) -> bool:
        """Whether a thing is named with care, as the pictures allow: "perhaps a toad", "like waves"."""
        before = {token.text.lower() for token in self._said[max(0, index - 3) : index]}
        return bool(before & _HEDGES and self._heard) and lexicon().kind(name[-1].stem) != "person"

    def _is_subject(self, index: int, sounds: frozenset[str], ending: frozenset[str] = _ENDING_SUBJECTS) -> bool:
        """Whether a sound follows that is the thing's own: "skis hiss", "a treadmill starts to hum"."""
        if self._after_preposition(index):
            return False
        for last, token in pairwise(self._said[index : index + _REACH]):
            word = token.text.lower()
            if token.start > last.end + 1 or word in ending:
                return False
            if word in _LINKS:
                continue
            if token.stem in sounds:
                return True
            if word not in _STARTING and not word.endswith("ly") and _tells_action(token):
                return False
        return False

    def _works(self, index: int) -> bool:
        """Whether a tool does what is heard by it: "a crowbar pries up boards that crack"."""
        clause = takewhile(
            lambda pair: pair[1].start == pair[0].end + 1 and pair[1].text.lower() not in _CLAUSE_ENDS | _LOCATING_ONLY,
            pairwise(self._said[index : index + 2 * _REACH]),
        )
        return not self._after_preposition(index) and any(token.stem in self._touches for _, token in clause)

    def _is_passive(self, index: int) -> bool:
        """Whether something is done to a thing: what is chopped could be anything, and bacon that sizzles is heard."""
        return any(token.text.lower() in _PASSIVE for token in self._said[index + 1 : index + 3])

    def _goes_with_its_sound(self, index: int) -> bool:
        """Whether what a thing does is told with its sound: "dominoes topple with a clatter"."""
        if self._after_preposition(index):
            return False
        joined = False
        for last, token in pairwise(self._said[index : index + 2 * _REACH]):
            word = token.text.lower()
            if (token.start > last.end + 1 and not joined) or word in _CLAUSE_ENDS:
                return False
            if joined and token.stem in self._kindred:
                return True
            joined = (joined and (word in _ARTICLES or word not in FUNCTION_WORDS)) or word in {"with", "in"}
        return False

    def _is_object(self, index: int) -> bool:
        """Whether a sound comes before that is made on, in or by the thing: "strikes a nail", "a beeping console"."""
        back = self._back(index)
        for token in back:
            word = token.text.lower()
            if token.stem in self._touches or (token.stem in self._kindred and word.endswith("ing")):
                return True
            if word in _ENDING_PHRASES | _PREPOSITIONS:
                touched = self._touches if word in _TOUCHING else frozenset[str]()
                if word == "with" and is_tool(self._name(index)[-1].stem):
                    touched = self._touches
                made = self._kindred if word in _MADE_BY | _PASSED else touched
                led = back if word not in _INTO else (one for one in back if one.text.lower() != "from")
                clause = (one for one in _same_clause(led) if not _is_part(one))
                reach = 1 if word == "of" else None  # in "bees hum round a bed of roses" it is no hum of roses
                return any(one.stem in made for one in islice(clause, reach))
        return False

    def _is_verb(self, index: int) -> bool:
        before = self._said[index - 1].text.lower() if index else "a"
        return before not in _ARTICLES | _TOUCHING and _tells_action(self._said[index])

    def _name(self, index: int) -> Sequence[Token]:
        """Return the words from one on that make a name together: "petrol station", "punching bag"."""
        end, furthest = index + 1, min(len(self._said), index + _LONGEST_NAME)
        while end < furthest and self._said[end].start == self._said[end - 1].end + 1:
            if self._said[end].stem in self._kindred or _ends_name(self._said[end]):
                break
            end += 1
        return self._said[index:end]

    def _after_preposition(self, index: int) -> bool:
        return self._leading(index) in _PREPOSITIONS

    def _leading(self, index: int) -> str:
        """Return the nearest function word before a place that is no article, empty when there is none."""
        back = [token.text.lower() for token in self._back(index)]
        if index > 1 and self._many_of(index - 2) == index:
            return self._leading(index - 2)
        for place, word in enumerate(back):
            if word in _ENDING_PHRASES:
                return word
            if word in {"a", "an"} and "the" in back[place + 2 : place + 3]:
                return ""  # "in the quiet of the night a fox screams"
        return ""

    def _back(self, index: int) -> Iterator[Token]:
        """Yield the words before a place, the nearest first, as far as no comma or full stop lies between."""
        for place in range(index - 1, max(-1, index - 1 - _REACH), -1):
            if self._said[place + 1].start > self._said[place].end + 1:
                return
            yield self._said[place]


def _same_clause(back: Iterator[Token]) -> Iterator[Token]:
    for token in back:
        word = token.text.lower()
        if word in _ENDING_CLAUSES:
            return
        yield token


def _is_part(token: Token) -> bool:
    """Whether a word before "of" only tells which part: "on the edge of a desk"."""
    return token.stem in lexicon().measures or token.text.lower() in FUNCTION_WORDS


def _ends_name(token: Token) -> bool:
    if token.text.lower() in _BETWEEN_NAMES or token.stem in NEUTRAL_STEMS:
        return True
    return lexicon().kind(token.stem) in {"action", "quality", "acoustic"} and not is_thing(token.stem)


def _tells_action(token: Token) -> bool:
    return lexicon().kind(token.stem) == "action" and not is_thing(token.stem)


def _is_adjective(token: Token) -> bool:
    """Whether a word tells what something is like: "heavy", but not "weights"."""
    told = lexicon().kind(token.stem) == "quality" and not token.text.endswith("s")
    return told and not is_thing(token.stem)
