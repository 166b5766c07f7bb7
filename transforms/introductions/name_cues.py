"""Where words tell who is there: somebody says their own name, presents a guest, or speaks to somebody by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from transforms.introductions.spoken_names import Name, People, Person, bare, name_at, plain
from transforms.text import ends_sentence

Kind = Literal["self", "presented", "addressed"]

GROUP_REACH = 60  # words behind `our guests` in which whole names are theirs
SKIPPED = 4  # small words between `my guest is` and the name: `the author`
CONTEXT = 10  # words before that tell whether it is now, and said by the speaker

# Before the name of who speaks. English, German, French, Spanish, Italian, Portuguese, Dutch.
_SELF = (
    "i'm", "i am", "my name is", "my name's", "mein name ist", "ich heiße", "ich bin", "je m'appelle", "je suis",
    "me llamo", "mi nombre es", "yo soy", "mi chiamo", "io sono", "meu nome é", "me chamo", "eu sou",
    "mijn naam is", "ik ben",
)  # fmt: skip
_SURE_SELF = frozenset(
    "my name is,my name's,mein name ist,ich heiße,je m'appelle,me llamo,mi nombre es,mi chiamo,meu nome é,"
    "me chamo,mijn naam is".split(",")
)
_BETWEEN_SELF = frozenset("your host co-host cohost hosts as always ever usual again still also once".split())
_BEHIND_SELF = frozenset(("here", "speaking"))
# Of a talk that may be another one: now, and not much of a proof.
_TALKING = (
    "speak with", "speaking with", "talk with", "talking with", "talk to", "talking to", "speaking to", "speak to",
    "chat with", "chatting with", "sitting down with",
)  # fmt: skip
_NOW = frozenset("today tonight now pleasure here i'm we're i'll we'll".split())
_PRESENTED = (
    "with me is", "with me today is", "with me tonight is", "with me are", "with us is", "with us today is",
    "with us are", "joined by", "joining me is", "joining me today is", "joining us is", "joining us today is",
    "my guest is", "my guest today is", "our guest is", "our guest today is", "my guest", "our guest",
    "today's guest is", "my guests are", "our guests are", "please welcome", "i'm here with", "here with",
    *_TALKING, "in conversation with", "my co-host",
    "my cohost", "i welcome", "welcoming",
    "mit mir ist", "mit mir heute ist", "bei mir ist", "bei uns ist", "bei mir im studio ist",
    "mir gegenüber sitzt", "mein gast ist", "mein gast heute ist", "mein heutiger gast ist", "unser gast ist",
    "unser gast heute ist", "zu gast ist", "zu gast ist heute", "ich begrüße", "wir begrüßen", "avec moi",
    "avec nous", "à mes côtés", "mon invité est", "mon invitée est", "notre invité est", "notre invitée est",
    "je reçois", "nous recevons", "j'accueille", "nous accueillons", "conmigo está", "con nosotros está",
    "está conmigo", "nos acompaña", "me acompaña", "mi invitado es", "mi invitada es", "mi invitado de hoy es",
    "mi invitada de hoy es", "nuestro invitado es", "nuestra invitada es", "comigo está", "connosco está",
    "conosco está", "está comigo", "meu convidado é", "minha convidada é", "meu convidado de hoje é",
    "minha convidada de hoje é", "nosso convidado é", "nossa convidada é", "con me c'è", "con me oggi c'è",
    "con noi c'è", "qui con me", "il mio ospite è", "la mia ospite è", "il nostro ospite è",
    "la nostra ospite è", "il mio ospite di oggi è", "la mia ospite di oggi è", "mijn gast is",
)  # fmt: skip
_GROUPS = frozenset("guests guest panelists panellists joined co-hosts gäste invités invitados".split())
_BEHIND_PRESENTED = (("joins", "me"), ("joins", "us"), ("is", "here"), ("is", "with", "us"), ("is", "with", "me"))
_NOT_NOW = frozenset(
    "next last yesterday tomorrow previously ago earlier upcoming was were been "
    "gestern nächste nächsten nächstes letzte letzten letztes "
    "demain prochain prochaine dernier dernière ayer mañana próximo próxima pasado pasada "
    "ontem amanhã passado passada ieri domani prossimo prossima scorso scorsa".split()
)
_QUOTING = frozenset(
    "said says say saying goes went wrote writes written write letter email emails message listener quote quoted "
    "reads told called asked like dear".split()
)
_ABOUT = frozenset("about of by on from for than in at to like as and's called named after".split())
_GREETING = frozenset("hello hi hey welcome evening morning afternoon host hallo bonjour hola ciao olá".split())
_WELCOME = frozenset(
    "welcome willkommen bienvenue bienvenido bienvenida bem-vindo bem-vinda benvenuto benvenuta".split()
)
_THANKS = frozenset("thanks thank danke dank merci gracias grazie obrigado obrigada bedankt".split())
_ANSWERS = _THANKS | frozenset(
    "hello hi hey yes yeah right exactly no morning evening afternoon well absolutely sure "
    "hallo ja nein genau bonjour bonsoir oui non hola sí olá sim não ciao buongiorno buonasera sì".split()
)
_WITH_ANSWERS = _ANSWERS | frozenset(
    "you good so very much indeed oh ah great it's to be here and okay ok "
    "vielen herzlichen guten abend tag beaucoup muchas buenas tardes noches muito boa noite tarde "
    "mille molte".split()
)
_SPEAKING_TO = (
    frozenset(
        "you your you're you've you'd welcome thanks thank tell du dich dir dein deine ihnen euch willkommen "
        "tu toi votre vos vous bienvenue te tus usted ustedes bienvenido bienvenida você vocês "
        "bem-vindo bem-vinda tuo tua benvenuto benvenuta".split()
    )
    | _THANKS
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A turn: who is heard, and what; `first_word` is the place of its first word among all."""

    turn_index: int
    label: str | None
    words: tuple[str, ...]
    first_word: int
    start_time: float
    end_time: float


@dataclass(frozen=True, slots=True)
class Cue:
    """A place that tells of somebody: `utterance` is the number of the turn, `words` the sentence in it.

    `is_sure` where it needs no other cue beside it; `is_answer` where who was addressed spoke before, else speaks
    after; `is_greeting` where that may be anybody; `is_alone` where one person is presented.
    """

    kind: Kind
    person: Person
    utterance: int
    words: range
    is_sure: bool = True
    is_answer: bool = False
    is_greeting: bool = False
    is_alone: bool = True


def find_cues(utterances: Sequence[Utterance], people: People) -> list[Cue]:
    """Return all places that tell who is there; whoever is named there joins the people."""
    cues = [cue for n, one in enumerate(utterances) for cue in _introductions(n, one, people)]
    introduced = {(cue.utterance, cue.words, cue.person) for cue in cues}
    addresses = [cue for n, one in enumerate(utterances) for cue in _addresses(n, one, people)]
    return cues + [cue for cue in addresses if (cue.utterance, cue.words, cue.person) not in introduced]


def sentences(words: Sequence[str]) -> Iterator[range]:
    """Yield the places of each sentence."""
    first = 0
    for place, word in enumerate(words):
        if place + 1 == len(words) or (ends_sentence(word) and not word.lower().startswith(("dr.", "mr."))):
            yield range(first, place + 1)
            first = place + 1


def _introductions(number: int, one: Utterance, people: People) -> Iterator[Cue]:
    small = [plain(word) for word in one.words]
    for sentence in sentences(one.words):
        for place in sentence:
            yield from _self(number, one, small, sentence, place, people)
            yield from _presented(number, one, small, sentence, place, people)
    yield from _group(number, one, small, people)


def _self(
    number: int, one: Utterance, small: Sequence[str], sentence: range, place: int, people: People
) -> Iterator[Cue]:
    """Yield the speaker's own name, said by themselves and now, not in a quotation."""
    phrase = _phrase_at(small, place, _SELF)
    if phrase is None:
        if place == sentence.start:
            yield from _self_first(number, one, small, sentence, people)
        return
    before = small[max(0, place - CONTEXT) : place]
    at = place + len(phrase.split())
    while at < len(small) and small[at] in _BETWEEN_SELF:
        at += 1
    name = name_at(one.words, at)
    if name is None or name.is_possessive or _QUOTING.intersection(before[-6:]):
        return
    person = people.find(name.text)
    is_sure = (
        phrase in _SURE_SELF
        or len(name.tokens) > 1
        or bool(_GREETING.intersection(small[max(0, place - 25) : at]))
    )
    yield Cue("self", person or people.add(name.text), number, sentence, is_sure=is_sure)


def _self_first(
    number: int, one: Utterance, small: Sequence[str], sentence: range, people: People
) -> Iterator[Cue]:
    """Yield the speaker's own name at the start of a sentence: `Idris Vane here`, `Idris speaking`."""
    name = name_at(one.words, sentence.start)
    if name and not name.is_possessive and _BEHIND_SELF.intersection(small[name.end : name.end + 1]):
        yield Cue("self", people.add(name.text), number, sentence, is_sure=len(name.tokens) > 1)


def _presented(
    number: int, one: Utterance, small: Sequence[str], sentence: range, place: int, people: People
) -> Iterator[Cue]:
    """Yield who is presented alone: `with me is Idris Vane`."""
    phrase = _phrase_at(small, place, _PRESENTED)
    if phrase is None:
        name = name_at(one.words, place)
        if (
            name
            and len(name.tokens) > 1
            and any(tuple(small[name.end : name.end + len(more)]) == more for more in _BEHIND_PRESENTED)
        ):
            yield Cue("presented", people.add(name.text), number, sentence)
        return
    name = _name_behind(one.words, small, place + len(phrase.split()), sentence.stop)
    if name is None or len(name.tokens) < 2 or name.is_possessive or not _is_now(small, sentence, place):
        return
    is_talk = phrase in _TALKING
    if is_talk and not _NOW.intersection(small[sentence.start : place]):
        return
    yield Cue(
        "presented",
        people.add(name.text),
        number,
        sentence,
        is_sure=not is_talk,
        is_answer="been" in small[place : name.end],
        is_alone=small[name.end : name.end + 1] != ["and"] or name_at(one.words, name.end + 1) is None,
    )


def _name_behind(words: Sequence[str], small: Sequence[str], place: int, stop: int) -> Name | None:
    """Read the name at a place, or behind a few small words: `my guest is the author Jane Doe`."""
    for at in range(place, min(place + SKIPPED + 1, stop)):
        name = name_at(words, at)
        if name is not None:
            return name
        if small[at] in _ABOUT or not bare(words[at]).islower() or words[at][-1:] in ".?!":
            return None
    return None


def _group(number: int, one: Utterance, small: Sequence[str], people: People) -> Iterator[Cue]:
    """Yield who is presented in a list: whole names behind `three guests`, but for those that are talked about."""
    for place, word in enumerate(small):
        if word not in _GROUPS or (word == "joined" and small[place + 1 : place + 2] != ["by"]):
            continue
        for at, name in _names(one.words, range(place + 1, min(place + GROUP_REACH, len(small)))):
            sentence = next(some for some in sentences(one.words) if at in some)
            is_there = small[at - 1] not in _ABOUT and _is_now(small, sentence, at)
            if is_there and len(name.tokens) > 1 and not name.is_possessive:
                yield Cue("presented", people.add(name.text), number, sentence, is_alone=False)


def _is_now(small: Sequence[str], sentence: range, place: int) -> bool:
    """Check whether somebody is presented now, and not of another day."""
    return not _NOT_NOW.intersection(small[max(sentence.start, place - CONTEXT) : place])


def _addresses(number: int, one: Utterance, people: People) -> Iterator[Cue]:
    """Yield to whom is spoken by name: set off by commas, alone, or behind thanks."""
    small = [plain(word) for word in one.words]
    for order, sentence in enumerate(sentences(one.words)):
        for place, name in _names(one.words, sentence):
            if name.is_possessive or not _is_address(one.words, small, sentence, place, name):
                continue
            person = people.find(name.text)
            is_known = person is not None
            if person is None and len(name.tokens) == 1 and _is_welcomed(small, place):
                person = people.add(name.text)
            if person is None:
                continue
            before = small[sentence.start : place]
            is_answer = order == 0 and bool(_ANSWERS.intersection(before)) and _WITH_ANSWERS.issuperset(before)
            is_greeting = is_answer and not _THANKS.intersection(before)
            yield Cue(
                "addressed", person, number, sentence,
                is_sure=is_known, is_answer=is_answer, is_greeting=is_greeting,
            )  # fmt: skip


def _names(words: Sequence[str], places: range) -> Iterator[tuple[int, Name]]:
    """Yield the names that begin at some places, each with its place; none begins within another."""
    at = places.start
    while at < places.stop:
        name = name_at(words, at)
        if name is not None:
            yield at, name
        at = at + 1 if name is None else name.end


def _is_welcomed(small: Sequence[str], place: int) -> bool:
    """Check whether what stands in front of a name is said to somebody: thanks, a greeting, an answer."""
    return place > 0 and small[place - 1] in _ANSWERS | _WELCOME | {"you"}


def _is_address(words: Sequence[str], small: Sequence[str], sentence: range, place: int, name: Name) -> bool:
    """Check whether a name is spoken to, and not of."""
    is_first, is_last = place == sentence.start, name.end >= sentence.stop
    if is_first and is_last:
        return len(name.tokens) <= 2
    is_parted = words[name.end - 1].endswith(",")
    to_somebody = bool(_SPEAKING_TO.intersection(small[sentence.start : sentence.stop]))
    if is_first:
        is_question = words[sentence.stop - 1].endswith("?")
        return (is_parted and (to_somebody or is_question)) or (to_somebody and not _is_verb(small, name.end))
    is_set_off = words[place - 1].endswith(",") or small[place - 1] in _ANSWERS | _WELCOME
    is_thanked = small[max(sentence.start, place - 2) : place] == ["thank", "you"]
    if is_last:
        return is_set_off or is_thanked
    return is_parted and (
        is_thanked or (is_set_off and (to_somebody or _WITH_ANSWERS.issuperset(small[sentence.start : place])))
    )


def _is_verb(small: Sequence[str], place: int) -> bool:
    """Check whether a name goes on as the one who does something: `Sam plans`, `Sam has`, `Sam told`."""
    word = small[place] if place < len(small) else ""
    return word.endswith(("s", "ed")) or word in {"told", "said", "and", "had", "who", "can", "will", "would"}


def _phrase_at(small: Sequence[str], place: int, phrases: Sequence[str]) -> str | None:
    """Return the longest of some phrases that begins at a place."""
    found = [one for one in _BY_FIRST.get(small[place], ()) if one in phrases]
    found = [one for one in found if list(small[place : place + len(one.split())]) == one.split()]
    return max(found, key=len, default=None)


_BY_FIRST: dict[str, list[str]] = {}
for _phrase in (*_SELF, *_PRESENTED):
    _BY_FIRST.setdefault(_phrase.split()[0], []).append(_phrase)
