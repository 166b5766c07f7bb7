"""Speakers' names as published: what may be one, trimmed, without roles, the first name first."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from transforms.text import INVISIBLE

LONGEST_NAME = 60  # characters

# What tells no names apart: what nobody sees, and what joins letters.
UNSEEN = re.compile(f"{INVISIBLE.pattern}|[\u200c\u200d]")

PARTICLES = frozenset(
    "a abd abu al ap bin ben bint da dal das de del della den der di do dos du e el ibn la las le los mac of op st ter "
    "ten van von y zu zum "
    "'t the".split()
)
_SURNAME_PARTICLES = frozenset(
    "abd abu al ap bin ben bint da dal das de del della den der di dos du el ibn mac op st ter ten van von zu zum".split()
)
# A person who is called by what they do; also with a number behind it.
_GENERIC = re.compile(
    r"(?:unidentified|unknown|male|female|first|second|third|young|old|tv|news|radio|the|computer|automated)?[ _-]*"
    r"(?:speakers?|guests?|hosts?|co-?hosts?|interviewers?|interviewees?|participants?|narrators?|announcers?|"
    r"audience(?: members?)?|moderators?|man|woman|men|women|boy|girl|child|voice|voice ?over|callers?|listeners?|"
    r"questioners?|students?|reporters?|presenters?|panelists?|all|both|group|crowd|everyone|person|producers?|"
    r"anchor|operator|translator|interpreter|sprecher(?:in)?|moderator(?:in)?|gast|intervieweur|invité|"
    r"entrevistador[ae]?|invitad[oa]|locutora?|presentador[ae]?|orador[ae]?|hablante|channel|moderatrice|modérateur|"
    r"intervenante?|locuteur|animat(?:eur|rice)|invitée|interviewer?in|apresentador[ae]?|convidad[oa]|falante|"
    r"спикер|ведущ(?:ий|ая)|гость|гостья|интервьюер|диктор|المتحدثة?|متحدثة?|الضيفة?|ضيفة?|المقدمة?|مقدمة?|المذيعة?|"
    r"דובר(?:ת)?|מנחה|אורח(?:ת)?|מראיינ?ת?|发言人|主持人|嘉宾|说话人|記者|记者|话者|話者|司会|ゲスト|聞き手|"
    r"화자|진행자|게스트)"
    r"[ _-]*(?:#? ?\d{1,3}|[a-z])?|[qa]\d{0,3}",
    re.IGNORECASE,
)
_UNKNOWN = (
    r"(?:unknown|unidentified|unlabell?ed|unassigned|undefined|unbekannt(?:er|e)?|inconnue?|desconocid[oa]|"
    r"desconhecid[oa]|sconosciut[oa]|onbekend|okand|ukjent|ukendt|tuntematon|nieznany|неизвестн(?:ыи|ая)|未知|不明)"
)
_SOMEONE = r"(?:speakers?|(?:fe)?male|(?:wo)?man|person|participant|voice|caller|sprecher(?:in)?|locuteur|locutrice|hablante|orador|falante|parlante|спикер)"
_NOBODY = re.compile(
    rf"(?:{_UNKNOWN}|{_UNKNOWN}[ -]?{_SOMEONE}|{_SOMEONE}[ -]?{_UNKNOWN}|(?:未知|不明)(?:の)?(?:说话人|发言人|話者)|"
    r"uu|n/a)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"[!?;=/\\@%&+$€£^~|]|\.\.\.|…|\.$")
# (host), also with another one in it: (host (BBC))
_ROLE_BEHIND = re.compile(
    r"\s*[(\[（【]((?:[^()\[\]（）【】]|[(\[（【][^()\[\]（）【】]*[)\]）】]){1,60})[)\]）】]\s*$"
)
_BRACKETS = re.compile(r"\s*[()\[\]（）【】]\s*")
_DASHED_ROLE = re.compile(r"\s+(?:--|[–—])\s+(?=\S)")  # Ann Lee -- Chief Executive
# Shapes, stars and arrows that set a line off. Two that a word follows at once stand for a name that is left out: ○○さん.
_ORNAMENT = "[\u25a0-\u25ff\u2605\u2606\u2720-\u2727\u2729-\u274b\u2756\u2794-\u27be\u2190-\u21ff\u203b\u2023\u2043\u2b50\u2b25\u2b1b\u2b1c]\ufe0f?"
_ORNAMENTS = re.compile(rf"(?:{_ORNAMENT})+ (?=.*\w)|{_ORNAMENT}(?=[^\W_])")
_SURNAME_FIRST = re.compile(r"([^\W\d_][\w'’ -]{0,40}), ([^\W\d_][\w'’. -]{0,40}?)((?: [(\[][^()\[\]]*[)\]])*)")
MOST_SURNAMES = 4  # words in front of the comma, as in `van der Berg`, `García de la Cruz`
# What stands behind a comma and is no given name.
_WORK = frozenset(
    "analyst attorney author chair chairman chef coach correspondent critic dean director doctor economist editor "
    "engineer founder historian journalist judge lawyer manager mayor minister musician novelist nurse owner "
    "philosopher physician physicist president professor psychologist researcher scientist teacher writer".split()
)
_TAG, _JOINT = re.compile(r" ?<[\w ]{1,20}>"), re.compile(r" & ")
_TRIM = ' \t\u00a0\u2007\u202f\u3000:：*_#[](){}<>«»"“”|•·-–—~=,;'
_SUFFIXES = frozenset("jr jr. sr sr. ii iii iv md phd ph.d. m.d. esq esq.".split())


@lru_cache(maxsize=4096)
def clean(label: str) -> tuple[str, str | None]:
    """Split a label as written into the name and the role.

    >>> clean("Rob Wiblin (host):"), clean("ANN LEE, HOST"), clean("Host [Ann Lee]")
    (('Rob Wiblin', 'host'), ('ANN LEE', 'HOST'), ('Ann Lee', 'Host'))
    >>> clean("◇ Ana Ruiz (BBC) (host)"), clean("Bo Chan -- Analyst")
    (('Ana Ruiz', 'BBC, host'), ('Bo Chan', 'Analyst'))
    """
    name, roles = as_written(label), list[str]()
    while (match := _ROLE_BEHIND.search(name)) and _trimmed(name[: match.start()]):
        name, roles = name[: match.start()], [_trimmed(_BRACKETS.sub(", ", match[1])), *roles]
    if roles and is_generic(_trimmed(name)) and likeness(roles[0]) == 2 and not is_generic(roles[0]):
        name, roles[0] = roles[0], _trimmed(name)
    name, dashed = _without_dashed_role(name)
    roles = [*dashed, *roles]
    before, comma, behind = name.partition(",")
    if comma and behind.strip() and behind.strip().casefold() not in _SUFFIXES:
        name, roles = before, [_trimmed(behind), *roles]
    return _trimmed(name), ", ".join(filter(None, roles)) or None


def _without_dashed_role(name: str) -> tuple[str, list[str]]:
    """Split off what stands behind a dash: `Ann Lee -- Chief Executive`."""
    dash = _DASHED_ROLE.search(name)
    if dash is None or not _trimmed(name[: dash.start()]):
        return name, []
    return name[: dash.start()], [_trimmed(name[dash.end() :].replace(" -- ", ", "))]


def as_written(label: str) -> str:
    """Return a label on one line, without what is not seen, the colon behind it and ornaments in front of it.

    >>> as_written("◆ Ann Lee  (BBC):"), as_written("○○さん")
    ('Ann Lee (BBC)', '○○さん')
    """
    name = " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", label)).split()).rstrip(" :：")
    return name[match.end() :] if (match := _ORNAMENTS.match(name)) else name


def _trimmed(name: str) -> str:
    return name.strip(_TRIM)


def is_generic(name: str) -> bool:
    """Check for a label that names no person: `Speaker 1`, `SPEAKER_00`, `Host`, `Q`.

    >>> is_generic("Speaker 1"), is_generic("Audience Member"), is_generic("Ann Lee")
    (True, True, False)
    """
    return _GENERIC.fullmatch(name) is not None


def is_nobody(label: str) -> bool:
    """Check whether a label is what writers put where they do not know who speaks, or of marks alone.

    >>> is_nobody("Unknown Speaker"), is_nobody("SPEAKER_UNKNOWN"), is_nobody("-"), is_nobody("Unknown Speaker 2")
    (True, True, True, False)
    """
    return _NOBODY.fullmatch(fold(label).strip(_TRIM + "-")) is not None or not any(c.isalnum() for c in label)


@lru_cache(maxsize=16384)
def likeness(name: str) -> int:
    """Judge whether text may be a speaker's name: 2 looks like one, 1 may be one, 0 is none.

    >>> likeness("Ann van der Lee"), likeness("Ann"), likeness("And I want to stress this"), likeness("Two notes")
    (2, 1, 0, 0)
    >>> likeness("Juna & Aurel"), likeness("two & more")
    (1, 0)
    """
    parts = _JOINT.split(_TAG.sub("", name))  # Tom <guest> & Co
    if len(parts) == 2:
        return min(1, *map(likeness, parts))
    if is_generic(name) and not name[0].islower():
        return 2
    tokens = name.split()
    if not 0 < len(tokens) <= 6 or len(name) > LONGEST_NAME or _NO_NAME.search(_without_abbreviations(name)):
        return 0
    return _likeness_of_tokens(tokens)


def _likeness_of_tokens(tokens: list[str]) -> int:
    """Judge the words of a name, 0 to 2 as `likeness`, by what each may be in one."""
    kinds = [_token_kind(token) for token in tokens]
    surname, name = _is_surname(tokens, kinds), " ".join(tokens)
    if not {"name"} <= {*kinds} <= {"name", "particle"} or (kinds[0] == "particle" and not surname):
        return 0
    full = kinds.count("name") >= 2 and not surname and not is_uncased(name)
    return 2 if full else int(not is_uncased(name) or len(name) <= 24)


def _is_surname(tokens: list[str], kinds: list[str]) -> bool:
    """Check for a surname that begins with its particle: van der Berg, dos Santos."""
    return kinds[0] == "particle" and fold(tokens[0]) in _SURNAME_PARTICLES


def _without_abbreviations(name: str) -> str:
    return re.sub(r"\b(?:[^\W\d_]|Jr|Sr|Dr|St|Mr|Mrs|Ms|Prof|Ph\.D|M\.D)\.", "", name)


def _token_kind(token: str) -> str:
    """Sort a token of a name: a name or initial, a particle, a number, or nothing that names hold."""
    bare = token.strip(".,'’\"“”()[]")
    if bare in PARTICLES:
        return "particle"
    if re.fullmatch(r"#?\d{1,3}", bare):
        return "number"
    letters = re.sub("['’.·・\"״׳-]", "", bare)
    if not letters or letters[0].isdigit() or not all(map(_is_letter, letters)):
        return "no"
    # d'Angelo, al-Rashid, bell-hooks: a capital within
    return "no" if letters.islower() else "name"


def _is_letter(c: str) -> bool:
    return c.isdigit() or unicodedata.category(c)[0] in "LM"


def is_uncased(text: str) -> bool:
    """Check for a script without capitals."""
    return text.upper() == text.lower()


@lru_cache(maxsize=16384)
def fold(name: str) -> str:
    """Bring a name to the form in which equal ones are equal: without case, accents and dots.

    >>> fold("José  R. Peña") == fold("JOSE R PENA")
    True
    """
    plain = name.casefold().replace("ı", "i")
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", UNSEEN.sub("", plain))
        plain = "".join(c for c in plain if not unicodedata.combining(c)) or plain
    return " ".join(plain.replace(".", " ").replace("’", "'").replace("_", " ").split())


def initials_of(name: str) -> frozenset[str]:
    """Return the initials by which a name may be called, with and without its particles and parts.

    >>> sorted(initials_of("maria de la cruz")), sorted(initials_of("jean-luc moreau"))
    (['mc', 'mdlc'], ['jlm', 'jm'])
    """
    tokens = name.split()
    parts = [part for token in tokens for part in token.split("-") if part]
    full = [token for token in tokens if token not in PARTICLES]
    return frozenset("".join(token[0] for token in some) for some in (tokens, parts, full) if some)


def short_forms(name: str) -> frozenset[str]:
    """Return the first names, the last names and the initials of a name.

    >>> sorted(short_forms("mary jane watson"))
    ['jane', 'jane watson', 'mary', 'mary jane', 'mjw', 'watson']
    """
    tokens = name.split()
    parts = (" ".join(some) for i in range(1, len(tokens)) for some in (tokens[:i], tokens[i:]))
    return frozenset((*tokens, *initials_of(name), *parts))


def first_name_first(names: Iterable[str], *, marked: bool) -> dict[str, str]:
    """Turn `Lee, Ann` around where a text writes its names so: two of them, or one that is `marked` up as a name.

    >>> first_name_first(["Lee, Ann", "Chan, Bo (Guest)", "Cy"], marked=False)
    {'Lee, Ann': 'Ann Lee', 'Chan, Bo (Guest)': 'Bo Chan (Guest)'}
    >>> first_name_first(["Ann Lee, Reuters", "Bo Chan, Producer"], marked=True)
    {}
    >>> first_name_first(["Kim, Gast", "Lee, Gast"], marked=True)
    {}
    """
    known = dict.fromkeys(names)
    parts = {name: match for name in known if (match := _surname_first(name))}
    owners = defaultdict[str, set[str]](set)
    for match in parts.values():
        owners[match[2]].add(match[1])
    # `Ann Lee, Reuters` is no surname of two words, unless another one shows that surnames stand first; and what
    # most have in common is what they do.
    sure = any(_is_one_word(match[1]) for match in parts.values())
    shared = len(owners) * 2 <= sum(map(len, owners.values())) and len(parts) > 1
    enough = sure and not shared and len(parts) >= (1 if marked else 2) and len(parts) * 2 >= len(known)
    return {name: f"{match[2]} {match[1]}{match[3]}" for name, match in parts.items()} if enough else {}


def _surname_first(name: str) -> re.Match[str] | None:
    """Match a surname, a comma and a given name; `None` where it is written otherwise."""
    match = _SURNAME_FIRST.fullmatch(as_written(name))
    is_surname = match is not None and len(match[1].split()) <= MOST_SURNAMES and not is_generic(match[1])
    return match if match and is_surname and _is_given(match[2]) else None


def _is_one_word(surname: str) -> bool:
    """Check for a surname of one word but for particles; a name in Hangul is one word as a whole."""
    return sum(token not in PARTICLES for token in surname.split()) == 1 and not is_uncased(surname)


def _is_given(name: str) -> bool:
    """Distinguish a given name from what somebody does."""
    if is_generic(name) or not _WORK.isdisjoint(name.casefold().split()):
        return False
    return likeness(name) > 0 and (len(name) > 3 or not name.isupper())


# What is heard and not said: the notes that transcribers put into brackets, and notes of music.


_SOUND = (
    r"laugh\w*|chuckl\w*|giggl\w*|cross-?\s?talk\w*|inaudible|indiscernible|unintelligible|music|musik|musica|música|"
    r"musique|muziek|applau\w*|clap\w*|silence|pause\w*|sigh\w*|cough\w*|cheer\w*|noise\w*|beep\w*|bleep\w*|foreign|"
    r"blank_audio|"
    r"sound\s?bite|sniff\w*|gasp\w*|groan\w*|snort\w*|whistl\w*|sing\w*|background|jingle|audio|"
    r"overlapping|ad break|snap\w*|clears|breath\w*|exhale\w*|inhale\w*|crying|mumbl\w*|"
    r"lach\w*|gelächter|applaus|unverständlich|räuspert|seufzt|durcheinander|rires?|rit|rient|sourit|inaudibles?|"
    r"applaudissements|soupire?s?|risas?|ríen?|se ríen?|aplausos|inaudibles|risos?|ri|rindo|inaudível|risate?|"
    r"ride|applausi|gelach|смех\w*|сме[её]тся|смеются|музыка|аплодисменты|неразборчиво|вздыхает|"
    r"ضحك|يضحك|تضحك|يضحكان|موسيقى|تصفيق|غير واضح|"
    r"צחוק|צוחק\w*|מוזיקה|מוסיקה|מחיאות כפיים|לא ברור|"
    r"笑(?:声|い|う)?|大笑|音[乐楽樂]|掌[声聲]|拍手|听不清|聞き取れず|웃음|음악|박수"
)
_EVENT = re.compile(
    rf"[\[(（【［〔]\s*(?:[\w'’#-]+\s+){{0,3}}(?:{_SOUND})(?:[\s,]+[\w':.’-]+){{0,5}}[.!…]?\s*[\])）】］〕]|♪[^♪\n]*♪|[♪♫]+",
    re.IGNORECASE,
)

_ASIDE = re.compile(r"[\[(（【［〔]\s*[^\W\d_][\w'’-]*(?:\s+[\w'’-]+){0,3}\s*[\])）】］〕]")


def is_sound(text: str) -> bool:
    """Distinguish a note of what is heard from words.

    >>> is_sound("[soft music]"), is_sound("（笑）"), is_sound("[Ann]")
    (True, True, False)
    """
    return _EVENT.fullmatch(text) is not None


def is_aside(text: str) -> bool:
    """Distinguish a line of a few words in brackets from what is said: in any language it notes what is heard.

    >>> is_aside("[Muzyka]"), is_aside("(Lachen im Saal)"), is_aside("(So it is.)"), is_aside("[0:12]")
    (True, True, False, False)
    """
    return is_sound(text) or _ASIDE.fullmatch(text) is not None


def split_sounds(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the sounds out of what is said.

    >>> split_sounds("So [laughs] we went. ♪")
    ('So we went.', ('[laughs]', '♪'))
    """
    sounds = tuple(match[0].strip() for match in _EVENT.finditer(text))
    return (" ".join(_EVENT.sub(" ", text).split()) if sounds else text), sounds
