"""Speakers' names as published: what may be one, trimmed, without roles, variants of one joined where that is sure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from transforms.records import Speaker

LONGEST_NAME = 60  # characters

# Marks that are not seen: zero-width, direction, soft hyphen, byte order.
UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

PARTICLES = frozenset(
    "a abd abu al ap bin ben bint da dal das de del della den der di do dos du e el ibn la las le los mac of op st ter "
    "ten van von y zu zum "
    "'t the".split()
)
_SURNAME_PARTICLES = frozenset(
    "abd abu al ap bin ben bint da dal das de del della den der di dos du el ibn mac op st ter ten van von zu zum".split()
)
_HONORIFICS = frozenset(
    "dr mr mrs ms miss mx prof professor sir dame lord lady rev rabbi sen rep gov pres herr frau dra sr sra don doña m "
    "mme mlle pr д-р д ד\"ר דר פרופ פרופ' د أ م الدكتور الدكتورة".split()
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
# Words that begin a sentence or name a part of a text, and no person.
_OPENERS = frozenset(
    """
    about above absolutely actually advertisement after again alright also although always among another answer
    anyway are as at because before below besides both bottom bonus but by can caveat certainly chapter chapters
    clarification clearly comment comments conclusion contact correct correction could date day definitely description
    did disclaimer disclosure do does duration each edit editor's either email ep episode especially even every exactly
    example examples except fact fair few figure finally first follow footnote for from further furthermore
    generally given good great half have he heading hence her here here's hers high highlight highlights his how
    however i i'd i'll i'm i've idea if image important in indeed instead intro introduction is isn't it it's its just
    key language last lastly later length lesson let let's like likewise link links listen literally look low main
    many maybe me mean meaning meanwhile mentioned mistake more moreover most music my myth namely naturally never
    nevertheless new next no none nope note notes nothing now number obviously occasionally of official oh ok okay on
    once one only option or other others our outline outro overall page part perhaps period phase photo picture plan
    please plus podcast point possibly presumably previously probably problem produced prologue published question
    questions quick quickly quote rather read reality really reason reasons recap recorded reference references
    reminder resources response result results right rule said same second section see seriously she short should show
    similarly since sixth so social solution some someone something sometimes sound source sources specifically
    spoiler sponsor sponsors starting step still strangely subject subscribe such summary supposedly sure takeaway
    takeaways thank thanks that that's the their them then there there's therefore these they they're thing things
    third this those though three thus tip tips title to today together tomorrow too topic topics transcribed
    transcript translation true trust truth twitter two type typically ultimately under unfortunately unless until
    up update us usually version very via warning was watch we we're website well were what what's whatever when
    where whereas whether which while who whose why will with without would written yeah year yep yes yesterday yet
    you you're your
    aber also dann das der die ein eine es frage für hinweis ich im in ja mit nein nun oder und von warum was wenn
    wer wie wir zum zur
    alors après avec bon c'est car ce cette donc elle en est et il ils je la le les mais non note nous on ou oui par
    parce pour quand que quel quelle question qui si sur très un une vous
    además ahora así bueno como con cuando cómo el ella ellos en entonces es eso esta este esto la las lo los más no
    nota o para pero por porque pregunta pues que quién qué se si sí su también un una y yo
    """.split()
)
# Scripts without capitals: words of a clause that tells or asks, and ends of one.
_CLAUSE_TOKENS = frozenset(
    "هي هو أن هذا هذه لي له لها قال قالت ثم في من على إن كان كانت الأمر السؤال הוא היא זה זאת לי לו לה אמר אמרה את של "
    "על כי הייתה היה אז השאלה אני ואני רוצה וזאת".split()
)
_CLAUSE_END = re.compile(r"[的の]|(?:[说道于是在的了着过话题]|です|ます|した|こと|とは|ない|一句|一点)$")
_NO_NAME = re.compile(r"[!?;=/\\@%&+$€£^~|]|\.\.\.|…|\.$")
_ROLE_BEHIND = re.compile(r"\s*[(\[（【]([^()\[\]（）【】]{1,60})[)\]）】]\s*$")
_TAG, _JOINT = re.compile(r" ?<[\w ]{1,20}>"), re.compile(r" & ")
_TRIM = ' \t\u00a0\u2007\u202f\u3000:：*_#[](){}<>«»"“”|•·-–—~=,;'
_SUFFIXES = frozenset("jr jr. sr sr. ii iii iv md phd ph.d. m.d. esq esq.".split())


@lru_cache(maxsize=4096)
def clean(label: str) -> tuple[str, str | None]:
    """Split a label as written into the name and the role.

    >>> clean("Rob Wiblin (host):"), clean("ANN LEE, HOST"), clean("Host [Ann Lee]")
    (('Rob Wiblin', 'host'), ('ANN LEE', 'HOST'), ('Ann Lee', 'Host'))
    """
    name = " ".join(UNSEEN.sub("", unicodedata.normalize("NFC", label)).split())
    role = None
    name = name.rstrip(" :：")
    if match := _ROLE_BEHIND.search(name):
        before = _trimmed(name[: match.start()])
        if before:
            name, role = before, _trimmed(match[1])
            if is_generic(name) and likeness(role) == 2 and not is_generic(role):
                name, role = role, name
    else:
        before, comma, behind = name.partition(",")
        if comma and behind.strip() and behind.strip().casefold() not in _SUFFIXES:
            name, role = before, _trimmed(behind)
    return _trimmed(name), role or None


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
    tokens = name.split()
    if is_generic(name) and not name[0].islower():
        return 2
    if not 0 < len(tokens) <= 6 or len(name) > LONGEST_NAME or _is_clause(name, tokens):
        return 0
    kinds = [_token_kind(token) for token in tokens]
    surname = _is_surname(tokens, kinds)
    if {"no", "number"} & {*kinds} or "name" not in kinds or not (surname or _may_open(name, tokens, kinds)):
        return 0
    full = kinds.count("name") >= 2 and not surname and not _uncased(name)
    return 2 if full else int(not _uncased(name) or len(name) <= 24)


def _is_surname(tokens: list[str], kinds: list[str]) -> bool:
    """Check for a surname that begins with its particle: van der Berg, dos Santos."""
    return kinds[0] == "particle" and fold(tokens[0]) in _SURNAME_PARTICLES


def _is_clause(name: str, tokens: list[str]) -> bool:
    """Check for a clause in a script without capitals by its particles and its end."""
    return _uncased(name) and (not _CLAUSE_TOKENS.isdisjoint(tokens) or _CLAUSE_END.search(name) is not None)


def _may_open(name: str, tokens: list[str], kinds: list[str]) -> bool:
    return kinds[0] != "particle" and not _opens_sentence(name, tokens)


def _opens_sentence(name: str, tokens: list[str]) -> bool:
    """Check for words that begin a sentence, or marks that no name has."""
    initials = name.isupper() and 2 <= len(name) <= 4  # SO for Siobhán O'Neill
    surname = len(tokens) > 1 and tokens[1][0].isupper() and fold(tokens[0]) in PARTICLES - {"the", "a"}  # LE GUIN
    opener = fold(tokens[0]) in _OPENERS or tokens[0].casefold() in ("à", "às", "é")
    return (opener and not (initials or surname)) or (_NO_NAME.search(_without_abbreviations(name)) is not None)


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


def _uncased(name: str) -> bool:
    return name.upper() == name.lower()


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


def join_variants(labels: Mapping[str, int]) -> dict[str, Speaker]:
    """Return which labels as written are one speaker; `labels` counts them in the order of their first use.

    Joined are: the same name in another case or with a role, a first or last name or initials that only one of the
    full names has. Where two could be meant, the label stays its own speaker.

    >>> join_variants({"Rob Wiblin:": 3, "ROB": 1})["ROB"].label
    'Rob Wiblin'
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(_key(clean(label)[0]), []).append(label)
    names = tuple(key for key, written in groups.items() if not all(map(_says_more, written)))
    target = {key: _full_form(key, names) for key in groups}
    merged: dict[str, list[str]] = {}
    for key, written in groups.items():
        merged.setdefault(target[key], []).extend(written)
    return {
        label: speaker
        for key, written in merged.items()
        for speaker in [_speaker(key, written, labels)]
        for label in written
    }


def _says_more(label: str) -> bool:
    """Check for words that no name has, as in `Stefan aus dem Off`: it is not what `Stefan` is short for."""
    tokens = clean(label)[0].split()
    return any(token.islower() and fold(token) not in PARTICLES for token in tokens[1:]) and tokens[0][0].isupper()


def _key(name: str) -> str:
    tokens = fold(name).split()
    if len(tokens) > 1 and tokens[0] in _HONORIFICS:
        tokens = tokens[1:]
    return " ".join(tokens) or name


def _full_form(key: str, keys: tuple[str, ...]) -> str:
    """Find the one longer name that a short one can mean; without exactly one it stays itself."""
    if is_generic(key):
        return key
    tokens = key.split()
    longer = [other for other in keys if len(other.split()) > len(tokens) and not is_generic(other)]
    fitting = [other for other in longer if _is_part(tokens, other.split())]
    if not fitting and len(tokens) == 1 and 2 <= len(key) <= 5:
        fitting = [other for other in longer if key in initials_of(other)]
    return fitting[0] if len(fitting) == 1 else key


def _is_part(tokens: list[str], whole: list[str]) -> bool:
    """Check that a short name is the beginning, the end, or the first and the last of a longer one."""
    outer = len(tokens) > 1 and (whole[0], whole[-1]) == (tokens[0], tokens[-1])
    return outer or tokens in (whole[-len(tokens) :], whole[: len(tokens)])


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
    """Return the first name, the last names and the initials of a name."""
    tokens = name.split()
    return frozenset((*tokens, *initials_of(name), *(" ".join(tokens[i:]) for i in range(1, len(tokens)))))


def _speaker(key: str, written: list[str], labels: Mapping[str, int]) -> Speaker:
    """Show a speaker by the full name, in the case that is used most, capitals last."""
    cleaned = {label: clean(label) for label in written}
    full = [label for label in written if _key(cleaned[label][0]) == key]
    counts: dict[str, int] = {}
    for label in full:
        counts[cleaned[label][0]] = counts.get(cleaned[label][0], 0) + labels[label]
    shown = min(counts, key=lambda name: (name.isupper(), -counts[name]))
    roles = [role for label in written if (role := cleaned[label][1])]
    return Speaker(
        label=shown,
        name=None if is_generic(shown) else shown,
        role=roles[0] if roles else None,
        variants=tuple(dict.fromkeys(written)),
    )


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
    rf"[\[(（【［〔]\s*(?:[\w'’#-]+\s+){{0,3}}(?:{_SOUND})(?:[\s,]+[\w':.’-]+){{0,5}}\s*[\])）】］〕]|♪[^♪\n]*♪|[♪♫]+",
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
