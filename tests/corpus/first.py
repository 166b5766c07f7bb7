"""A corpus of made-up transcripts with their truth, written without sight of the parsers and of the second one.

Every document is written from a conversation that is made up first, so the truth is known: who speaks, in which
order, which words, and, where the document tells, from when. About 70 % are regular; the others have one or two
irregularities of the kind that published transcripts have. None is meant to be ambiguous to a careful reader.
`tests/benchmarks/transcripts.py` reads and scores it; a sample stands in `tests/golden/first`.
"""

from __future__ import annotations

import html
import itertools
import json
import random
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

ROOT = Path(__file__).parent.parent.parent

# fmt: off
# --- words ------------------------------------------------------------------------------------------------------

SLOTS: dict[str, tuple[str, ...]] = {
    "thing": (
        "the battery", "the grid", "a good question", "the budget", "the first draft", "this paper", "the model",
        "the rocket", "that chapter", "the vaccine", "the old harbour", "the data centre", "the interview",
        "the second trial", "the garden", "a recession", "the algorithm", "my newsletter", "the orchestra",
        "the treaty", "the whole supply chain", "the museum", "open source", "the immune system", "the reactor",
    ),
    "things": (
        "batteries", "editors", "small towns", "octopuses", "central banks", "founders", "proteins", "libraries",
        "satellites", "teachers", "farmers", "chess players", "language models", "nurses", "volcanoes", "tariffs",
        "trains", "listeners", "bacteria", "engineers", "whales", "mathematicians", "city councils", "novelists",
    ),
    "field": (
        "economics", "biology", "climate policy", "chip design", "public health", "linguistics", "astronomy",
        "urban planning", "machine learning", "history", "journalism", "neuroscience", "law", "agriculture",
    ),
    "place": (
        "Lisbon", "Nairobi", "New York", "the Midwest", "São Paulo", "Kyoto", "a village near Kraków", "Reykjavík",
        "Cape Town", "Manchester", "Montréal", "the Bay Area", "Zürich", "a basement in Ohio", "Hyderabad",
    ),
    "somebody": (
        "my co-founder", "a friend of mine", "the editor", "my grandmother", "a colleague", "the producer",
        "one of our engineers", "the mayor", "a taxi driver", "my PhD adviser", "a nurse I met", "the reviewer",
    ),
    "adjective": (
        "strange", "expensive", "beautiful", "underrated", "fragile", "boring", "counterintuitive", "hopeful",
        "difficult", "surprisingly cheap", "slow", "obvious in hindsight", "messy", "controversial",
    ),
    "year": ("1969", "1987", "1999", "2003", "2008", "2012", "2016", "2019", "2021", "2023"),
    "n": ("two", "three", "five", "12", "30", "40", "100", "1,200", "3.5 million", "about 7,000", "a few hundred"),
    "percent": ("3%", "12%", "40 percent", "99.9%", "half", "a third", "two thirds"),
    "clock": ("10:30 in the morning", "7:45 p.m.", "noon", "3:15 on a Tuesday", "12:05 at night", "9 o’clock"),
    "quote": (
        "That will never work.", "Why not?", "Tell me what you see.", "Keep it simple.", "We are out of time.",
        "Nobody reads the manual.", "I think I left the stove on.", "Is this thing recording?", "Start again.",
    ),
    "url": (
        "example.org/podcast", "https://example.com/show?ref=pod", "www.example.net", "example.org",
        "https://example.org/a/b#notes",
    ),
    "model": ("GPT-4", "AlphaFold 2", "the A-10", "WD-40", "Apollo 11", "the F-150", "COVID-19", "the U-2"),
    "doing": (
        "writing it down", "asking people", "reading old letters", "counting birds", "running the numbers",
        "building the prototype", "calling everybody back", "walking the coast", "training for it",
        "explaining it to my kids", "measuring the wrong thing", "staying up late",
    ),
}

PLAIN = (
    "I think that {things} are more {adjective} than people say.",
    "We spent {n} years on {thing}, and I would do it again.",
    "That was in {year}, when I had just moved to {place}.",
    "What surprised you most about {things}?",
    "How did you get from {field} to {field}?",
    "It turns out that {doing} is the part that nobody wants to do.",
    "I remember when {somebody} told me to stop {doing}.",
    "You know, {field} was not even a word that we used back then.",
    "And so the whole team flew to {place} to look at {thing}.",
    "If you look at the numbers, {percent} of {things} never come back.",
    "Was that the moment you knew?",
    "I don't really know the answer to that.",
    "There is a long tradition of {doing} in {place}.",
    "My sense is that {thing} will look very {adjective} in {n} years.",
    "Most {things} are not like that at all.",
    "So we started {doing}, and it was {adjective}.",
    "I had a conversation with {somebody} about exactly this.",
    "Do you think that {things} will ever understand {thing}?",
    "It cost {n} dollars, which at the time was everything we had.",
    "Then {somebody} walked in and asked for {thing}.",
    "Let me push back on that a little bit.",
    "I want to come back to {field} in a minute.",
    "We were wrong about {thing}, and we were wrong about {things}.",
    "Nobody in {place} had heard of {thing} before {year}.",
    "That is the thing about {things}, they don't wait for you.",
    "By the end of {year} we had {n} {things} and no plan.",
    "Could you explain {thing} to somebody who has never heard of it?",
    "I guess what I am trying to say is that {field} is {adjective}.",
    "People in {field} have been {doing} for decades.",
    "You can't fix {thing} by {doing}.",
    "The short answer is yes.",
    "The longer answer is that {percent} of it was luck.",
    "It felt {adjective}, to be honest with you.",
    "I would rather have {n} good {things} than {thing}.",
    "And what did {somebody} say to that?",
    "When I was a kid in {place}, we used to talk about {things} all the time.",
    "In {field} you learn to live with {thing}.",
    "Honestly, I was just {doing} and hoping for the best.",
    "There were {n} of us in one room with {thing}.",
    "Everything changed after {year}.",
)
RICH = (
    "And I also want to stress this: {things} are not {things}.",
    "So here's the thing: {doing} is {adjective}.",
    "The question: why?",
    "One listener asked: “{quote}”",
    "He looked at me and said, “{quote}” And I said, “{quote}”",
    "It was {clock}, and {somebody} was still {doing}.",
    "The ratio is something like 3:1, maybe 4:1 if you count {things}.",
    "You can read all of it at {url} if you want to.",
    "I mean… I don't know… it was {adjective}.",
    "We tried {model}: it was {adjective}, and it took {n} minutes.",
    "There's {thing}—which I love, by the way—and then there's {field}.",
    "Dr. Patel from St. Mary's told us that {percent} of {things} recover.",
    "It’s like “{quote}” but for {things}; you see what I mean?",
    "I'd say there are three parts: {thing}, {thing} and {thing}.",
    "“{quote}” is what {somebody} always says.",
    "Wait, wait, wait — you did what?",
    "The U.S. spent $4.2 billion on {thing} in {year} (that's real money!).",
    "No. No, no, no. Not even close.",
    "In Genesis 3:16, or maybe it was Exodus 20:12, there is a line about {things}.",
    "My rule is: never start {doing} before {clock}.",
    "Write to us at hello@example.org, or don't.",
    "She's the author of “The Year of {things}: A History” and I loved it.",
    "It's an and/or situation, really, with {things} & {things}.",
    "OK, so… {field}?",
    "To quote {somebody}: “{quote}”",
    "That’s the trade-off: speed versus {thing}.",
)
LABEL_LIKE = (
    "Two quick notes before that: {things} are {adjective}, and {thing} is not.",
    "Again, the address is example.org.",
    "Note: all of this was before {year}.",
    "First: {doing}. Second: {thing}.",
    "Full disclosure: I worked with {somebody} in {place}.",
    "So here's the thing: {doing} is {adjective}.",
    "Long story short: we moved to {place}.",
    "And then the big one: {thing}.",
    "One more thing: {things} hate {doing}.",
    "Rule number one: no {things}.",
    "To be clear: I have nothing against {things}.",
    "The question: why?",
    "Point taken: {field} is {adjective}.",
    "In other words: {percent}.",
    "Fun fact: {things} invented {thing}.",
    "{n} years later: nothing.",
    "Spoiler: it did not work.",
)
INTERJECTIONS = (
    "Yeah.", "Right.", "Mm-hmm.", "Exactly.", "Sure.", "No, totally.", "Wow.", "OK.", "Thank you.",
    "That’s right.",
    "Really?", "Yes!", "Uh-huh.", "Okay, go on.", "I see.", "Oh, interesting.", "Of course.", "Yeah, yeah, yeah.",
    "Hmm.", "Absolutely.", "Huh.", "And then?", "Great.", "I agree.", "No way!", "Cool.", "Fair enough.", "Why?",
)
GREETINGS = (
    "Welcome back to {show}.", "Hello and welcome to {show}, the podcast about {field}.",
    "From {place}, this is {show}.",
    "Hey everybody, and welcome to another episode of {show}.", "This is {show}. Let’s get right into it.",
)
TITLES = (
    "Why {things} matter", "How {things} work", "The trouble with {things}", "What {somebody} got wrong",
    "The future of {field}", "Is {field} broken?", "Growing up in {place}", "Lessons from {year}", "On {doing}",
    "Rapid-fire questions", "What happens next", "The case for {things}", "Why not {things}?",
    "Are {things} overrated?", "Advice for people in {field}", "Back to {place}", "The {year} crash", "Cold open",
    "Introduction", "{things}, {things} and {things}", "Closing thoughts", "Could {things} save {field}?",
)
SHOWS = (
    "The Long Table", "Turning Points", "Second Draft", "Deep Water", "Field Notes", "Half-Life", "Open Questions",
    "The Slow Hour", "Signal & Noise", "Small Hours", "Good Neighbors", "The Weekly Orbit", "Margin of Error",
)
FRONT_PAGE = (
    "{somebody} joins the show to talk about {thing}, {field} and why {things} are {adjective}.",
    "A conversation about {field}, {things}, and {doing}.",
    "In this episode we go deep on {thing} and ask whether {things} can be saved.",
    "This week: {things}, {field}, and a story from {place}.",
    "We get into what it means to spend {n} years {doing}, and what {field} can learn from it.",
)

# Language: greeting, sentences, interjections, chapter titles, the word for a transcript, names.
FOREIGN: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "sentences": (
            "Ich glaube, dass wir darüber noch einmal sprechen müssen.",
            "Das war im Jahr 2012, kurz nach dem Umzug.",
            "Was hat Sie daran am meisten überrascht?", "Und dann sagte sie: „Das geht so nicht.“",
            "Wir haben drei Jahre lang daran gearbeitet, und zwar jeden Tag.",
            "Die Frage ist doch: Wer bezahlt das?",
            "Es war 10:30 Uhr, und niemand war da.", "Na ja, das ist eine lange Geschichte …",
            "Ehrlich gesagt wusste ich es selbst nicht.", "Dazu gehört auch, dass man einmal scheitert.",
        ),
        "short": ("Ja.", "Genau.", "Stimmt.", "Ach so?", "Mhm.", "Na klar."),
        "titles": ("Wie alles begann", "Warum das wichtig ist", "Der Blick nach vorn", "Was uns fehlt"),
        "transcript": ("Transkript",),
        "names": ("Jürgen Müller", "Anna von Stetten", "Käthe Großmann", "Uwe Schmidt-Lehmann", "Bärbel Weiß"),
    },
    "fr": {
        "sentences": (
            "Je pense qu’il faut en parler encore une fois.", "C’était en 2012, juste après le déménagement.",
            "Qu’est-ce qui vous a le plus surpris\u00a0?",
            "Et là, elle m’a dit\u00a0: «\u00a0Ça ne marche pas.\u00a0»",
            "Nous avons travaillé dessus pendant trois ans.", "La question est simple\u00a0: qui paie\u00a0?",
            "Il était 10h30, et il n’y avait personne.", "Enfin, c’est une longue histoire…",
            "Franchement, je ne savais pas non plus.", "C’est magnifique\u00a0!", "On y reviendra plus tard.",
        ),
        "short": ("Oui.", "Voilà.", "D’accord.", "Ah bon\u00a0?", "Exactement.", "Bien sûr."),
        "titles": ("Comment tout a commencé", "Pourquoi c’est important", "Et maintenant", "Les leçons de 2012"),
        "transcript": ("Transcription",),
        "names": ("Émilie Lefèvre", "Jean-Luc d’Aubigny", "Hélène Dupont", "Benoît de La Tour", "Zoé Martin"),
    },
    "es": {
        "sentences": (
            "Creo que tenemos que hablar de esto otra vez.", "Fue en 2012, justo después de la mudanza.",
            "¿Qué fue lo que más te sorprendió?", "Y entonces me dijo: «Así no funciona».",
            "Trabajamos en ello durante tres años.", "La pregunta es: ¿quién lo paga?",
            "Eran las 10:30 de la mañana y no había nadie.", "Bueno, es una larga historia…",
            "La verdad, yo tampoco lo sabía.", "¡Qué maravilla!", "Luego volveremos a ese tema.",
        ),
        "short": ("Sí.", "Claro.", "Exacto.", "¿De verdad?", "Vale.", "Por supuesto."),
        "titles": ("Cómo empezó todo", "Por qué importa", "El camino largo", "Lo que viene"),
        "transcript": ("Transcripción",),
        "names": ("María de la Cruz", "José Ángel Muñoz", "Lucía Peña", "Íñigo Ybarra", "Sofía del Río"),
    },
    "ru": {
        "sentences": (
            "Я думаю, что об этом надо поговорить ещё раз.", "Это было в 2012 году, сразу после переезда.",
            "Что вас больше всего удивило?", "И тогда она сказала: «Так не пойдёт».",
            "Мы работали над этим три года.", "Вопрос простой: кто платит?", "Было 10:30 утра, и никого не было.",
            "Ну, это долгая история…", "Честно говоря, я и сам не знал.", "К этому мы ещё вернёмся.",
        ),
        "short": ("Да.", "Точно.", "Понятно.", "Правда?", "Угу.", "Конечно."),
        "titles": ("С чего всё началось", "Почему это важно", "Что дальше", "Уроки прошлого"),
        "transcript": ("Расшифровка",),
        "names": ("Анна Петрова", "Иван Сергеев", "Ольга Фёдорова", "Дмитрий Кузнецов", "Юлия Ким"),
    },
    "ar": {
        "sentences": (
            "أعتقد أننا يجب أن نتحدث عن هذا مرة أخرى.", "كان ذلك في عام 2012، بعد الانتقال مباشرة.",
            "ما الذي فاجأك أكثر من غيره؟", "ثم قالت لي: «هذا لن ينجح».", "عملنا على ذلك ثلاث سنوات.",
            "السؤال بسيط: من يدفع؟", "كانت الساعة 10:30 صباحًا ولم يكن هناك أحد.",
            "في الحقيقة لم أكن أعرف أنا أيضًا.",
            "سنعود إلى هذا الموضوع لاحقًا.",
        ),
        "short": ("نعم.", "صحيح.", "طبعًا.", "حقًا؟", "تمام."),
        "titles": ("كيف بدأ كل شيء", "لماذا هذا مهم", "ماذا بعد"),
        "transcript": ("النص الكامل",),
        "names": ("سارة العلي", "محمد حسن", "ليلى منصور", "يوسف الخطيب", "نور"),
    },
    "he": {
        "sentences": (
            "אני חושבת שצריך לדבר על זה שוב.", "זה היה בשנת 2012, מיד אחרי המעבר.", "מה הכי הפתיע אותך?",
            "ואז היא אמרה לי: ״ככה זה לא עובד״.", "עבדנו על זה שלוש שנים.", "השאלה פשוטה: מי משלם?",
            "השעה הייתה 10:30 בבוקר ולא היה שם אף אחד.", "האמת היא שגם אני לא ידעתי.", "עוד נחזור לנושא הזה.",
        ),
        "short": ("כן.", "נכון.", "בטח.", "באמת?", "הבנתי."),
        "titles": ("איך הכול התחיל", "למה זה חשוב", "מה הלאה"),
        "transcript": ("תמלול",),
        "names": ("דנה כהן", "יואב לוי", "נעמה בן דוד", "אורי שחר", "מיכל"),
    },
    "zh": {
        "sentences": (
            "我觉得我们应该再谈一谈这个问题。", "那是2012年，我们刚刚搬家。", "最让你惊讶的是什么？",
            "然后她跟我说：“这样不行。”",
            "我们做了整整三年。", "问题很简单：谁来付钱？", "当时是早上10:30，一个人也没有。",
            "说实话，我自己也不知道。",
            "这个我们等一下再说……", "其实在上海的时候，我们用的是GPT-4。",
        ),
        "short": ("对。", "是的。", "没错。", "真的吗？", "嗯。", "当然。"),
        "titles": ("一切是怎么开始的", "为什么重要", "接下来会怎样"),
        "transcript": ("文字稿",),
        "names": ("王小明", "李华", "陈静怡", "欧阳修文", "主持人"),
    },
    "ja": {
        "sentences": (
            "もう一度その話をしたほうがいいと思います。", "それは2012年、引っ越しの直後でした。",
            "一番驚いたのは何ですか？",
            "そのとき彼女は「それでは無理です」と言いました。", "私たちは三年間それに取り組みました。",
            "問題は簡単です：誰が払うのか。", "朝の10:30で、誰もいませんでした。",
            "正直に言うと、私も知りませんでした。",
            "その話はまた後でしましょう。",
        ),
        "short": ("はい。", "そうですね。", "なるほど。", "本当ですか？", "ええ。"),
        "titles": ("すべての始まり", "なぜ大切なのか", "これからのこと"),
        "transcript": ("文字起こし",),
        "names": ("田中太郎", "佐藤花子", "鈴木一郎", "高橋みゆき", "司会"),
    },
}
UNSPACED = ("zh", "ja")

# (given, family): the two parts that labels shorten to.
PEOPLE = (
    ("Ann", "Lee"), ("Priya", "Raman"), ("Ludwig", "van der Berg"), ("Maria", "de la Cruz"),
    ("J. R.", "Whitfield"),
    ("Jean-Luc", "Moreau"), ("Siobhán", "O’Neill"), ("Zoë", "Kravchenko"), ("Søren", "Aagaard"),
    ("Łukasz", "Nowak"),
    ("D’Angelo", "Reyes"), ("Mary Ann", "Fletcher"), ("T. J.", "Okafor"), ("Ngozi", "Adeyemi-Clarke"),
    ("Emil", "Novák"),
    ("Helen", "Park"), ("Martin", "Hale"), ("Robin", "Quist"), ("Xochitl", "Bautista"), ("Hiroko", "Tanabe"),
    ("Walter", "von Sternheim"), ("Amy", "Wu"), ("Ibrahim", "al-Sayed"), ("Caitlin", "MacDougall"), ("Bo", "Kim"),
    ("Dmitri", "Volkov"), ("Fatou", "Ndiaye"), ("George", "St. John"), ("Öykü", "Demir"), ("Kiran", "Desai"),
    ("Peter", "O'Malley"), ("Lena", "Fitzgerald"), ("Oscar", "Lindqvist"), ("Tomás", "Herrera"),
    ("Ruth", "Abrams"),
    ("Vikram", "Iyer"), ("Naomi", "DuBois"), ("Samuel K.", "Boateng"), ("Ingrid", "Le Guin"), ("Cormac", "Byrne"),
)
SINGLE = (
    "Dan", "Sam", "Theo", "Ben", "Nadia", "Casey", "Kevin", "Mo", "Jo", "Solveig", "Moxie", "Renée", "Yusuf",
    "Ezra",
    "Lulu", "Hank", "Ines", "Grady", "Tess", "Ursula",
)
GENERIC = (
    ("Host", "Guest"), ("Interviewer", "Interviewee"), ("Speaker 1", "Speaker 2", "Speaker 3"), ("Q", "A"),
    ("SPEAKER_00", "SPEAKER_01", "SPEAKER_02"), ("Speaker A", "Speaker B"),
    ("Moderator", "Panelist 1", "Panelist 2"),
    ("Host 1", "Host 2", "Guest"), ("HOST", "GUEST"), ("Second Speaker", "Speaker 1"), ("Narrator", "Guest"),
)
ONCE = ("Announcer", "Audience Member", "Speaker 3", "Narrator", "Caller", "Producer", "Automated Voice")
SOUNDS = ("laughter", "crosstalk", "laughs", "music", "applause", "inaudible", "music playing", "chuckles")

# fmt: on
OPEN, CLOSE = "\ue000", "\ue001"  # around a sound in a paragraph, until the document says how it writes them


class Slots(dict[str, str]):
    """Fill each slot of a template with a word of its list, drawn at random."""

    def __init__(self, rng: random.Random, show: str):
        super().__init__(show=show)
        self.rng = rng

    def __missing__(self, key: str) -> str:
        return self.rng.choice(SLOTS[key])


def write(rng: random.Random, template: str, show: str = "the show") -> str:
    """Fill a template and begin it with a capital."""
    text = template.format_map(Slots(rng, show))
    return (text[:1].upper() + text[1:]).replace("..", ".")


# --- conversations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """Who speaks: the name of the truth, the parts that labels shorten to, and other names that are right."""

    name: str
    given: str = ""
    family: str = ""
    also: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Say:
    """What one label opens: paragraphs, sounds still marked, from a time on."""

    who: Person
    paragraphs: tuple[str, ...]
    start: Any  # seconds, or `None` where the document loses the time
    end: float


@dataclass(frozen=True)
class Section:
    """A chapter, or what stands before the first."""

    title: str | None
    start: float
    says: tuple[Say, ...]


@dataclass(frozen=True)
class Talk:
    """A conversation before it is written down."""

    show: str
    title: str
    language: str
    people: tuple[Person, ...]
    sections: tuple[Section, ...]

    @property
    def says(self) -> list[Say]:
        """All that is said, in order."""
        return [say for section in self.sections for say in section.says]


@dataclass(frozen=True)
class Row:
    """One turn as it should come out; a time that is `None` must be `None`, `...` is not looked at."""

    speaker: Person | None
    text: str
    start: Any = None
    end: Any = None


@dataclass(frozen=True)
class Truth:
    """What a careful reader takes from a document; `counted` is false where rows may be cues or sentences."""

    rows: tuple[Row, ...]
    counted: bool = True
    chapters: tuple[str, ...] | None = None


@dataclass
class Document:
    """A document and its truth."""

    shape: str
    variant: str
    data: bytes
    truth: Truth
    quirks: tuple[str, ...] = ()


@dataclass
class Maker:
    """What one document is written with: the dice, and the irregularities drawn for it."""

    rng: random.Random
    quirks: set[str] = field(default_factory=set)
    variant: str = ""
    begun: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Throw the dice."""
        return self.rng.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Draw one."""
        return self.rng.choice(options)


QUIRKS = (
    "no space",
    "variants",
    "roles",
    "repeated label",
    "once",
    "spaces",
    "caps",
    "colon apart",
    "editorial",
    "emphasis",
)


def sentences(make: Maker, language: str, count: int, plain: bool = False) -> list[str]:
    """Make up sentences."""
    if language != "en":
        return [make.pick(FOREIGN[language]["sentences"]) for _ in range(count)]
    kinds = PLAIN if plain else PLAIN + RICH
    return [write(make.rng, make.pick(kinds)) for _ in range(count)]


LABEL_LIKE_START = re.compile(r"[^.?!。？！…]{1,40}[:：]")


def paragraph(make: Maker, language: str, length: int, first: bool, sounds: bool = True) -> str:
    """Make up a paragraph, now and then one that begins like a label or has a sound in it."""
    parts = sentences(make, language, length)
    if language == "en" and make.chance(0.06 if first else 0.15):
        parts[0] = write(make.rng, make.pick(LABEL_LIKE))
    before_colon = LABEL_LIKE_START.match(parts[0])
    if before_colon and make.begun.count(before_colon[0]) > (1 if language == "en" else 0):
        # Nobody begins paragraph after paragraph like that.
        kinds = PLAIN if language == "en" else FOREIGN[language]["sentences"]
        parts[0] = write(make.rng, make.pick([kind for kind in kinds if not LABEL_LIKE_START.match(kind)]))
    elif before_colon:
        make.begun.append(before_colon[0])
    if language == "en" and "editorial" in make.quirks and make.chance(0.2):
        parts[-1] = write(make.rng, "So they [the engineers in {place}] began {doing}.")
    if sounds and make.chance(0.06):
        parts.insert(make.rng.randint(1, len(parts)), OPEN + make.pick(SOUNDS) + CLOSE)
    return ("" if language in UNSPACED else " ").join(parts)


def speech(make: Maker, language: str, opening: str | None, sounds: bool = True) -> tuple[str, ...]:
    """Make up what one says in a go: an interjection, a few sentences, or several paragraphs."""
    if opening is not None:
        return (f"{opening} {paragraph(make, language, make.rng.randint(1, 3), first=True, sounds=False)}",)
    if make.chance(0.2):
        return (make.pick(INTERJECTIONS if language == "en" else FOREIGN[language]["short"]),)
    count = make.pick((1, 1, 1, 1, 2, 2, 3, 5))
    return tuple(paragraph(make, language, make.rng.randint(1, 6), i == 0, sounds) for i in range(count))


def cast(make: Maker, language: str, named: bool = False) -> tuple[Person, ...]:
    """Draw 1 to 6 people whose names cannot be taken for one another."""
    count = make.pick((1, 2, 2, 2, 2, 3, 3, 4, 5, 6))
    if language != "en":
        return tuple(map(Person, make.rng.sample(FOREIGN[language]["names"], min(max(count, 2), 4))))
    if not named and make.chance(0.12):
        return tuple(Person(name) for name in make.pick(GENERIC))
    if not named and make.chance(0.2):
        return tuple(map(Person, make.rng.sample(SINGLE, max(count, 2))))
    people: list[Person] = []
    for given, family in make.rng.sample(PEOPLE, max(count, 2 if make.chance(0.95) else 1)):
        initials = {initial(p.given + " " + p.family) for p in people}
        if initial(f"{given} {family}") not in initials:
            people.append(Person(f"{given} {family}", given, family) if named else titled(make, given, family))
    if len(people) < 6 and not named and make.chance(0.1):
        people.append(Person(make.pick(SINGLE)))
    return tuple(people)


def titled(make: Maker, given: str, family: str) -> Person:
    """Name a person, now and then with a title, which the truth may keep or drop."""
    name = f"{given} {family}"
    if make.chance(0.06):
        title = make.pick(("Dr.", "Prof.", "Dr", "Senator"))
        return Person(f"{title} {name}", "", "", frozenset({name}))
    return Person(name, given, family)


def initial(name: str) -> str:
    """Shorten a name to its initials."""
    return "".join(part[0] for part in name.split()).upper()


def converse(
    make: Maker, *, language: str = "en", chapters: int | None = None, named: bool = False, sounds: bool = True
) -> Talk:
    """Make up a conversation."""
    people = cast(make, language, named)
    once = Person(make.pick(ONCE)) if "once" in make.quirks and language == "en" else None
    if once and once.name in {person.name for person in people}:
        once = None
    total = make.pick((6, 8, 10, 14, 20, 30)) if not make.chance(0.04) else 250
    total = total if make.chance(0.1) else max(total, 4 * len(people))
    show = make.pick(SHOWS)
    count = min(make.pick((0, 2, 3, 5)) if chapters is None else chapters, total // 3)
    count = count if language == "en" else min(count, len(FOREIGN[language]["titles"]))
    cuts = sorted(make.rng.sample(range(1, total), min(max(count - 1, 0), total - 1)))
    bounds = [0, *cuts, total]
    titles = chapter_titles(make, language, len(bounds) - 1)
    clock = make.pick((0.0, 0.0, 4.0, 61.0))
    scale = make.pick((1.0, 1.0, 1.0, 8.0, 20.0))
    last: Person | None = None
    lone = make.rng.randrange(2, total) if once else -1
    sections = []
    for index, (a, b) in enumerate(itertools.pairwise(bounds)):
        says: list[Say] = []
        for i in range(a, b):
            who = once if once and i == lone else next_speaker(make, people, i, last, fresh=i == a)
            opening = None
            if i == 0 and language == "en" and make.chance(0.5):
                opening = write(make.rng, make.pick(GREETINGS), show)
            last = who
            text = speech(make, language, opening, sounds)
            start = round(clock)
            clock += scale * max(sum(map(len, text)) / 15, 1.0) + 1
            says.append(Say(who, text, float(start), float(round(clock) - 0.5)))
        sections.append(Section(titles[index] if count else None, says[0].start, tuple(says)))
    return Talk(
        show,
        write(make.rng, make.pick((*TITLES, "{field}: what now?", "{things}: the full story"))),
        language,
        people,
        tuple(sections),
    )


def next_speaker(make: Maker, people: Sequence[Person], i: int, last: Person | None, fresh: bool) -> Person:
    """Return who speaks next: everybody once, then anybody but the last, who may go on behind a heading."""
    if last and ((fresh and make.chance(0.4)) or ("repeated label" in make.quirks and make.chance(0.15))):
        return last
    others = [person for person in people if person is not last] or list(people)
    return people[i] if i < len(people) and people[i] is not last else make.pick(others)


def chapter_titles(make: Maker, language: str, count: int) -> list[str]:
    """Make up different chapter titles, the first now and then an introduction."""
    found: list[str] = []
    while len(found) < count:
        title = write(make.rng, make.pick(TITLES)) if language == "en" else make.pick(FOREIGN[language]["titles"])
        if title not in found:
            found.append(title)
    return found


def unasked(talk: Talk) -> Talk:
    """Take the question marks from the titles, for documents where only the mark would tell a title from talk."""
    return replace(talk, sections=tuple(replace(s, title=s.title and s.title.rstrip("?")) for s in talk.sections))


# --- truth ------------------------------------------------------------------------------------------------------


def spoken(text: str) -> str:
    """Drop the sounds from a paragraph."""
    return " ".join(re.sub(f"{OPEN}.*?{CLOSE}", " ", text).split())


def truth(talk: Talk, *, times: bool = False, ends: bool = False, headed: bool = True) -> Truth:
    """Return what should come out: a turn is a run of one speaker, and a heading that is shown ends it."""
    rows: list[Row] = []
    for section in talk.sections:
        for index, say in enumerate(section.says):
            text = " ".join(map(spoken, say.paragraphs))
            start = say.start if times else None
            joined = rows and rows[-1].speaker == say.who and (index > 0 or not headed or section.title is None)
            if joined:
                rows[-1] = replace(rows[-1], text=f"{rows[-1].text} {text}", end=say.end if ends else None)
            else:
                lenient = ... if not times and headed and section.title is not None and index == 0 else start
                rows.append(Row(say.who, text, lenient, say.end if ends else None))
    shown = tuple(section.title for section in talk.sections if section.title is not None)
    return Truth(tuple(rows), chapters=shown if headed else None)


# --- how documents write names, times and sounds ---------------------------------------------------------------


def hms(seconds: float) -> str:
    """Write a time as `01:02:03`."""
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def ms(seconds: float) -> str:
    """Write a time as `02:03`, with hours where there are some."""
    return short(seconds) if seconds >= 3600 else f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


def short(seconds: float) -> str:
    """Write a time as `2:03` or `1:02:03`."""
    hours = f"{int(seconds) // 3600}:{hms(seconds)[3:]}"
    return hours if seconds >= 3600 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


CLOCKS: tuple[Callable[[float], str], ...] = (hms, ms, short)


class Labels:
    """Write the name of who speaks as one document does it."""

    STYLES = ("full",) * 6 + ("first later", "caps", "npr", "surname caps", "initials")

    def __init__(self, make: Maker, talk: Talk, style: str | None = None):
        self.make = make
        self.seen: set[Person] = set()
        self.shortens = all(person.family for person in talk.people)
        self.style = style or (make.pick(self.STYLES) if talk.language == "en" else "full")
        if not self.shortens and self.style not in ("full", "caps"):
            self.style = "full"
        if "caps" in make.quirks and self.style == "full":
            self.style = "caps"

    def __call__(self, who: Person) -> str:
        """Write a name; the first time in full."""
        first = who not in self.seen
        self.seen.add(who)
        label = self.styled(who, first)
        if first and "roles" in self.make.quirks and who.family and self.style in ("full", "first later"):
            return label + self.make.pick((" (host)", " (guest)", " (Host)", " (co-host)"))
        if (
            not first
            and "variants" in self.make.quirks
            and self.style == "full"
            and who.family
            and self.make.chance(0.3)
        ):
            return self.make.pick((who.name.upper(), self.given(who)))
        return label

    def given(self, who: Person) -> str:
        """Shorten to the first name where that is one."""
        return who.given if len(who.given) > 2 and " " not in who.given else who.name

    def styled(self, who: Person, first: bool) -> str:
        """Write a name in the style of the document."""
        if not who.family or self.style == "full":
            return who.name.upper() if self.style in ("caps", "npr", "surname caps") and who.family else who.name
        if self.style == "caps":
            return who.name.upper()
        if self.style == "npr":
            return f"{who.name.upper()}, {self.make.pick(('HOST', 'BYLINE'))}" if first else who.family.upper()
        if self.style == "surname caps":
            return f"{who.given} {who.family.upper()}" if first else who.family.upper()
        if self.style == "initials":
            return who.name if first else initial(who.name)
        return who.name if first else self.given(who)


def colon(make: Maker, language: str, gap: str = " ") -> str:
    """Write the colon behind a name, as the language does."""
    if language in UNSPACED:
        return "："
    if language == "fr" or ("colon apart" in make.quirks and make.chance(0.3)):
        return ("\u00a0:" if language == "fr" else " :") + gap
    if "no space" in make.quirks and make.chance(0.15):
        return ":"
    return ":" + gap


@dataclass(frozen=True)
class Style:
    """How one document writes sounds and emphasis."""

    sound: Callable[[str], str]
    marks: tuple[str, str] | None = None
    escape: Callable[[str], str] = str


SOUND_STYLES: tuple[Callable[[str], str], ...] = (
    "[{}]".format,
    lambda sound: f"[{sound.capitalize()}]",
    lambda sound: f"[{sound.upper()}]",
    lambda sound: f"[{sound} 00:12:31]" if sound in ("crosstalk", "inaudible") else f"[{sound}]",
    lambda sound: "♪" if sound.startswith("music") else f"[{sound}]",
)
ROUND_STYLES: tuple[Callable[[str], str], ...] = (
    lambda sound: f"({sound.upper()})",
    lambda sound: f"({sound.capitalize()})",
)


def style_of(make: Maker, marks: tuple[str, str] | None = None, escape: Callable[[str], str] = str) -> Style:
    """Draw how a document writes its sounds."""
    sound = make.pick(SOUND_STYLES if make.chance(0.85) else ROUND_STYLES)
    return Style(sound, marks if "emphasis" in make.quirks else None, escape)


def show(make: Maker, style: Style, text: str) -> str:
    """Write a paragraph in the style of its document."""
    text = style.escape(text)
    if style.marks and make.chance(0.3):
        words = text.split(" ")
        plain = [i for i, word in enumerate(words) if i and word.isascii() and word.isalpha() and len(word) > 3]
        if plain:
            i = make.pick(plain)
            words[i] = words[i].join(style.marks)
            text = " ".join(words)
    return re.sub(f"{OPEN}(.*?){CLOSE}", lambda match: style.sound(match[1]), text)


def tongue(make: Maker) -> str:
    """Draw the language of a document."""
    return make.pick(tuple(FOREIGN)) if make.chance(0.14) else "en"


def transcript_word(make: Maker, language: str) -> str:
    """Write the heading over the transcript."""
    if language != "en":
        return make.pick(FOREIGN[language]["transcript"])
    return make.pick(
        ("Transcript", "Full transcript", "Episode transcript", "TRANSCRIPT", "Full Transcript", "Transcript:")
    )


EDITOR = (
    "This transcript was generated automatically and may contain errors.",
    "This transcript has been lightly edited for clarity.",
    "Transcripts may not be in their final form. Accuracy may vary.",
    "Please note: this transcript was made by software and may contain mistakes.",
)
TAILS = (
    ("Share", "Subscribe"),
    ("Related episodes", "Why whales sing", "The trouble with trains", "About the show", "Subscribe here."),
    ("© 2024 Open Questions. All rights reserved.",),
    (
        "Copyright © 2023 Field Notes Media. All rights reserved. Visit our website terms of use for"
        " further information.",
    ),
    (
        "Discussion about this episode",
        "CommentsRestacks",
        "Ready for more?",
        "Subscribe",
        "© 2025 Ann Lee",
        "Privacy ∙ Terms",
    ),
)


def header(make: Maker, talk: Talk) -> list[str]:
    """Write what stands above a transcript: title, who and when, what it is about."""
    lines = [talk.title]
    if all(person.family for person in talk.people) and make.chance(0.4):
        lines = [f"Title: {talk.title}", "Date: March 4, 2024", f"Host: {talk.people[0].name}"]
        lines += [f"Guest: {person.name}" for person in talk.people[1:2]]
    if make.chance(0.5):
        lines.append(write(make.rng, make.pick(FRONT_PAGE)))
    return lines


def join_blocks(make: Maker, blocks: Iterable[str]) -> str:
    """Set blocks apart with empty lines, now and then with stray spaces."""
    if "spaces" in make.quirks:
        blocks = [block + make.pick(("", "", " ", "  ", "\u00a0", "\t")) for block in blocks]
        return "\n\n".join(blocks) + "\n\n\n"
    return "\n\n".join(blocks) + "\n"


# --- shape 1: a post where a line is only a name ---------------------------------------------------------------

LISTED: tuple[Callable[[str, float], str], ...] = (
    lambda title, start: f"({hms(start)}) - {title}",
    lambda title, start: f"({hms(start)}) – {title}",
    lambda title, start: f"{hms(start)} - {title}",
    lambda title, start: f"({short(start)}) {title}",
    lambda title, start: f"{title} ({short(start)})",
)
PLAYER = (
    "Playback speed",
    "×",
    "Share post",
    "Share post at current time",
    "Share from 0:00",
    "0:00",
    "/",
    "0:00",
)


SPONSORS = (
    "Sponsors",
    "Acme Batteries makes batteries that last. Learn more at example.com/acme.",
    "To sponsor a future episode, visit example.com/advertise.",
)


def post_front(make: Maker, talk: Talk, listed: Callable[[str, float], str]) -> list[str]:
    """Write the upper part of a post: player, title, description, sponsors, timestamps."""
    lines = list(PLAYER[: make.pick((3, 8))]) if make.chance(0.7) else []
    lines += [talk.title, write(make.rng, make.pick(FRONT_PAGE)), "Mar 04, 2025", "Share"]
    lines += ["Watch on YouTube; listen on Apple Podcasts or Spotify."] if make.chance(0.5) else []
    if make.chance(0.4):
        lines += SPONSORS
    shown = [listed(section.title, section.start) for section in talk.sections if section.title]
    lines += [make.pick(("Timestamps", "Chapters", "Timestamps:")), *shown] if shown else []
    headed = make.chance(0.75) or not shown
    return [*lines, *([make.pick(("Transcript", "TRANSCRIPT", "Full transcript"))] if headed else [])]


POST_TAILS = (
    (
        "2 Comments",
        "JohnD",
        "3d",
        "Great episode! I learned a lot about whales.",
        "Reply",
        "Share",
        "Ready for more?",
        "Subscribe",
    ),
    (
        "Discussion about this episode",
        "CommentsRestacks",
        "Top",
        "Latest",
        "No posts",
        "Ready for more?",
        "© 2025 Open Questions",
    ),
    ("Share", "Leave a comment", "Subscribe", "Thanks for reading! This post is public so feel free to share it."),
    ("Subscribe", "Previous", "Next", "Privacy ∙ Terms ∙ Collection notice", "Start writing", "Get the app"),
)


def post(make: Maker) -> tuple[str, Truth]:
    """Write a post in which a line that is only a name opens a turn."""
    talk = converse(make)
    listed = make.pick(LISTED)
    label, style = Labels(make, talk, "full" if make.chance(0.9) else "caps"), style_of(make)
    suffix = make.pick(("", "", "\u00a0", "\u200b", " ", "\u00a0\u200b"))
    lower = make.chance(0.08) and all(p.family for p in talk.people)
    heading = listed if make.chance(0.7) else lambda title, _start: title
    blocks = post_front(make, talk, listed)
    for section in talk.sections:
        blocks += [heading(section.title, section.start)] if section.title else []
        for say in section.says:
            name = label(say.who)
            blocks.append((name.lower() if lower else name) + suffix)
            blocks += [show(make, style, text) for text in say.paragraphs]
    blocks += make.pick(POST_TAILS) if make.chance(0.85) else []
    make.variant = "lower-case names" if lower else "post"
    return join_blocks(make, blocks), truth(talk)


# --- shape 2: labelled paragraphs --------------------------------------------------------------------------------


def highlights(make: Maker, talk: Talk) -> list[str]:
    """Write a block above the transcript that repeats some of it."""
    found = ["Highlights"]
    for say in make.rng.sample(talk.says, min(2, len(talk.says))):
        first, *rest = map(spoken, say.paragraphs)
        found += [write(make.rng, make.pick(TITLES)), f"{say.who.name}: {first}", *rest]
    return found


def layout(make: Maker, talk: Talk) -> Callable[[list[str]], str]:
    """Draw how paragraphs are set: apart, without empty lines, or hard-wrapped."""
    kind = make.pick(("apart",) * 7 + ("close", "close", "wrapped"))
    make.variant = kind
    if kind == "close":
        return lambda blocks: "\n".join(blocks) + "\n"
    if kind == "wrapped" and talk.language not in UNSPACED:
        width = make.pick((64, 72, 79))
        return lambda blocks: "\n\n".join(
            textwrap.fill(block, width, break_long_words=False, break_on_hyphens=False) for block in blocks
        )
    return lambda blocks: join_blocks(make, blocks)


def labelled(make: Maker) -> tuple[str, Truth]:
    """Write labelled paragraphs with headings or none."""
    language = tongue(make)
    talk = converse(make, language=language)
    label, style, lay = Labels(make, talk), style_of(make), layout(make, talk)
    if make.variant == "wrapped":
        talk = shorten_titles(talk)
    blocks = header(make, talk) if language == "en" and make.chance(0.7) else []
    if language == "en" and make.chance(0.2):
        blocks += highlights(make, talk)
        blocks.append("Transcript")
    elif (
        blocks or talk.sections[0].title or make.chance(0.5)
    ):  # else the first chapter could be the document's title
        blocks.append(transcript_word(make, language))
    blocks += [make.pick(EDITOR)] if language == "en" and blocks and make.chance(0.2) else []
    timed = make.chance(0.6) or make.variant == "close"
    talk = talk if timed else unasked(talk)
    for section in talk.sections:
        if section.title:
            blocks.append(f"{section.title} [{hms(section.start)}]" if timed else section.title)
        for say in section.says:
            first, *rest = (show(make, style, text) for text in say.paragraphs)
            blocks += [label(say.who) + colon(make, language) + first, *rest]
    blocks += make.pick(TAILS) if language == "en" and make.chance(0.3) else []
    make.variant += f" {language} {label.style}"
    return lay(blocks), truth(talk)


def shorten_titles(talk: Talk) -> Talk:
    """Keep only the chapters' short titles, which no wrapping breaks."""
    titles = [
        s.title and (s.title if len(s.title) < 40 else s.title[:40].rsplit(" ", 1)[0]) for s in talk.sections
    ]
    sections = zip(talk.sections, titles, strict=True)
    return replace(talk, sections=tuple(replace(section, title=title) for section, title in sections))


RIGHTS = (
    "Copyright © 2022 NPR. All rights reserved. Visit our website terms of use and permissions"
    " pages at www.npr.org"
    " for further information.",
    "NPR transcripts are created on a rush deadline by an NPR contractor. This text may not be in"
    " its final form and"
    " may be updated or revised in the future. Accuracy and availability may vary.",
)


def broadcast(make: Maker) -> tuple[str, Truth]:
    """Write a radio show's transcript: names in capitals, first in full with a role, then the surname."""
    talk = converse(make, named=True, chapters=0)
    label = Labels(make, talk, make.pick(("npr", "surname caps")))
    style = Style(make.pick((ROUND_STYLES[0], SOUND_STYLES[2])))
    blocks = [talk.title, write(make.rng, make.pick(FRONT_PAGE))] if make.chance(0.5) else []
    for say in talk.says:
        name = label(say.who)
        first, *rest = (show(make, style, text) for text in say.paragraphs)
        apart = make.chance(0.7) and "," in name
        blocks += [f"{name}:", first, *rest] if apart else [f"{name}: {first}", *rest]
        if len(talk.people) > 1 and "repeated label" not in make.quirks and make.chance(0.05):
            blocks.append("(SOUNDBITE OF MUSIC)")
    if make.chance(0.5):
        blocks += RIGHTS
    make.variant = f"broadcast {label.style}"
    return join_blocks(make, blocks), truth(talk)


# --- shapes 3 to 5: captions, scraped pages, summaries -----------------------------------------------------------


def captions(make: Maker) -> tuple[str, Truth]:
    """Write the text of captions: short lines and no names."""
    kind = make.pick(("plain", "plain", "rich", "automatic"))
    found = [s for _ in range(make.pick((10, 30, 80))) for s in sentences(make, "en", 1, plain=kind != "rich")]
    if kind == "automatic":
        found = [re.sub(r"[.,?!]+(?=\s|$)", "", text).lower() for text in found]
    stream = " ".join(found)
    lines = textwrap.wrap(stream, make.pick((36, 40, 44)), break_long_words=False, break_on_hyphens=False)
    if make.chance(0.5):
        for _ in range(max(1, len(lines) // 30)):
            lines.insert(
                make.rng.randint(0, len(lines)), make.pick(("[Music]", "[Applause]", "♪ ♪", "[Laughter]"))
            )
    if make.chance(0.6):
        lines = [html.escape(line, quote=make.chance(0.5)) for line in lines]
        lines = [line + "&nbsp;" if make.chance(0.4) else line for line in lines]
    front = ["Kind: captions", "Language: en"]
    make.variant = kind
    rows = tuple(Row(None, text) for text in found)
    return "\n".join([*front, *lines]) + "\n", Truth(rows, counted=kind == "plain")


def scraped(make: Maker) -> tuple[str, Truth]:
    """Write a scraped page: slug, facts, a rule and paragraphs."""
    title, name = write(make.rng, make.pick(TITLES)), make.pick(SHOWS)
    url = "https://www.youtube.com/watch?v=" + "".join(make.rng.choices("abcdefgXYZ0123_-", k=11))
    facts = [
        f"read summary →TITLE: {title}",
        f"CHANNEL: {name}",
        f"DATE: {make.pick(SLOTS['year'])}-03-04",
        f"URL: {url}",
    ]
    body = [paragraph(make, "en", make.rng.randint(2, 7), first=False) for _ in range(make.pick((3, 8, 20)))]
    style = Style(make.pick(SOUND_STYLES[:3]))
    one_line = make.chance(0.6)
    rule = make.pick(("---TRANSCRIPT---", "---TRANSCRIPT---", "--- TRANSCRIPT ---"))
    slug = re.sub(r"\W+", "-", title.lower()).strip("-")
    gap = make.pick(("\n\n", "\n\n", "\n"))
    front = "\n".join([slug, (" " if one_line else "\n").join(facts), rule])
    text = gap.join([front, *(show(make, style, p) for p in body)])
    make.variant = ("one line" if one_line else "several lines") + (" close" if gap == "\n" else "")
    return text + "\n", Truth(tuple(Row(None, spoken(p)) for p in body))


def summary(make: Maker) -> tuple[str, Truth]:
    """Write a page about an episode that has no transcript."""
    blocks = [
        write(make.rng, make.pick(TITLES)),
        f"By {make.pick(SHOWS)} · 5 min read",
        "Get the app to read the full summary.",
    ]
    blocks += ["Sign up for free", "Start your free trial today."] if make.chance(0.5) else []
    blocks += ["Key takeaways", *(f"• {s}" for s in sentences(make, "en", 5, plain=True))]
    headings = chapter_titles(make, "en", 4)
    blocks += [make.pick(("Table of contents", "Table of Contents", "In this summary"))]
    blocks += [f"• {heading}" for heading in headings]
    for heading in headings:
        blocks += [
            heading,
            *(" ".join(sentences(make, "en", 3, plain=True)) for _ in range(make.rng.randint(1, 3))),
        ]
    blocks += make.pick(
        ((), ("Related summaries", "• Why whales sing"), ("Unlock the full summary", "Get started"))
    )
    make.variant = "summary"
    return ("\n\n" if make.chance(0.7) else "\n").join(blocks) + "\n", Truth((), chapters=None)


# --- shape 6: plain text with times ------------------------------------------------------------------------------

TIMED: dict[str, tuple[Callable[[str, float], str], str]] = {
    "[HH:MM:SS] Name: text": (lambda name, t: f"[{hms(t)}] {name}:", " "),
    "(MM:SS) Name: text": (lambda name, t: f"({ms(t)}) {name}:", " "),
    "HH:MM:SS Name: text": (lambda name, t: f"{hms(t)} {name}:", " "),
    "Name (HH:MM:SS): / text": (lambda name, t: f"{name} ({hms(t)}):", "\n"),
    "Name (MM:SS): / text": (lambda name, t: f"{name} ({ms(t)}):", "\n"),
    "Name (HH:MM:SS) / text": (lambda name, t: f"{name} ({hms(t)})", "\n"),
    "Name  M:SS / text": (lambda name, t: f"{name}  {short(t)}", "\n"),
    "Name HH:MM:SS / / text": (lambda name, t: f"{name} {hms(t)}", "\n\n"),
    "Name [MM:SS]: text": (lambda name, t: f"{name} [{ms(t)}]:", " "),
    "[HH:MM:SS] - Name / text": (lambda name, t: f"[{hms(t)}] - {name}", "\n"),
    "[HH:MM:SS.mmm] - Name / text": (lambda name, t: f"[{hms(t)}.000] - {name}", "\n"),
    "Name: [HH:MM:SS] text": (lambda name, t: f"{name}: [{hms(t)}]", " "),
    "Name: M:SS / text": (lambda name, t: f"{name}: {short(t)}", "\n"),
    "Name [HH:MM:SS] text": (lambda name, t: f"{name} [{hms(t)}]", " "),
    "Name (MM:SS.mmm) / / text": (lambda name, t: f"{name} ({int(t) // 60:02}:{int(t) % 60:02}.000)", "\n\n"),
    "HH:MM:SS / Name: text": (lambda name, t: f"{hms(t)}\n{name}:", " "),
    "HH:MM:SS - Name / text": (lambda name, t: f"{hms(t)} - {name}", "\n"),
    "Name (HH:MM:SS): text": (lambda name, t: f"{name} ({hms(t)}):", " "),
    "HH:MM:SS / Name / text": (lambda name, t: f"{hms(t)}\n{name}", "\n"),
}
OTTER_TAILS = ("Transcribed by https://otter.ai", "Transcript generated by Descript", "Transcribed by Podium.page")


def timed(make: Maker) -> tuple[str, Truth]:
    """Write plain text with a name and a time over each turn."""
    if make.chance(0.2):
        return make.pick((timed_lines, copied_panel, whisper_lines, meeting))(make)
    language = tongue(make)
    talk = unasked(converse(make, language=language, chapters=make.pick((0, 0, 0, 0, 3))))
    variant = make.pick(tuple(TIMED))
    mark, gap = TIMED[variant]
    label, style = Labels(make, talk, "full"), Style(make.pick(SOUND_STYLES[:3]))
    blocks = [talk.title] if make.chance(0.3) else []
    blocks += [transcript_word(make, language)] if talk.sections[0].title or (blocks and make.chance(0.5)) else []
    if "time lost" in make.quirks and variant.startswith("[HH:MM:SS] Name"):
        talk = forget(talk, make.rng.randrange(1, len(talk.says)))
    for section in talk.sections:
        blocks += [section.title] if section.title else []
        for say in section.says:
            first, *rest = (show(make, style, text) for text in say.paragraphs)
            head = f"{label(say.who)}:" if say.start is None else mark(label(say.who), say.start)
            blocks += [head + gap + first, *rest]
    blocks += [make.pick(OTTER_TAILS)] if make.chance(0.2) else []
    make.variant = f"{variant} {language}" if language != "en" else variant
    return join_blocks(make, blocks), truth(talk, times=True)


def forget(talk: Talk, lost: int) -> Talk:
    """Take the time from the label of one turn."""
    count = itertools.count()
    sections = []
    for section in talk.sections:
        says = (replace(say, start=None) if next(count) == lost else say for say in section.says)
        sections.append(replace(section, says=tuple(says)))
    return replace(talk, sections=tuple(sections))


def cues(make: Maker, plain: bool) -> list[tuple[float, float, str]]:
    """Make up sentences with their times."""
    clock, found = make.pick((0.0, 3.0)), []
    for text in sentences(make, "en", make.pick((8, 20, 60)), plain=plain):
        end = clock + max(2.0, len(text) // 12)
        found.append((clock, end, text))
        clock = end
    return found


def timed_lines(make: Maker) -> tuple[str, Truth]:
    """Write lines that begin with a time, without names."""
    found = cues(make, plain=True)
    clock = make.pick(CLOCKS)
    mark = make.pick(("{} ", "[{}] ", "({}) ", "{}\t"))
    make.variant = f"{mark.format('time')}text"
    text = make.pick(("\n", "\n\n")).join(mark.format(clock(start)) + text for start, _, text in found)
    return text + "\n", Truth(tuple(Row(None, text, start) for start, _, text in found))


def copied_panel(make: Maker) -> tuple[str, Truth]:
    """Write what is copied from YouTube's transcript panel: a time, then a line of text."""
    found = cues(make, plain=True)
    words = [(start + i, part) for start, _, text in found for i, part in enumerate(textwrap.wrap(text, 42))]
    front = ["Transcript", "", "Search in video"] if make.chance(0.4) else []
    tail = ["English (auto-generated)"] if front else []
    lines = [line for start, part in words for line in (short(start), part)]
    make.variant = "time / text" + (" with panel" if front else "")
    rows = tuple(Row(None, text, ...) for *_, text in found)
    return "\n".join([*front, *lines, *tail]) + "\n", Truth(rows, counted=False)


def meeting(make: Maker) -> tuple[str, Truth]:
    """Write what a video call saves: attendees, labelled paragraphs and now and then a time between them."""
    talk = converse(make, chapters=0, named=True, sounds=False)
    blocks = [
        f"{talk.show} (2024-03-04 10:30 GMT) - Transcript",
        "Attendees",
        ", ".join(p.name for p in talk.people),
    ]
    blocks.append("Transcript")
    due = 0.0
    for say in talk.says:
        if say.start >= due:
            blocks.append(hms(say.start))
            due = say.start + 300
        blocks.append(f"{say.who.name}: {' '.join(say.paragraphs)}")
    blocks.append(f"Meeting ended after {hms(talk.says[-1].end)} 👋")
    blocks.append("This editable transcript was computer generated and might contain errors.")
    make.variant = "meeting"
    found = truth(talk)
    return join_blocks(make, blocks), replace(found, rows=tuple(replace(row, start=...) for row in found.rows))


def whisper_lines(make: Maker) -> tuple[str, Truth]:
    """Write what whisper.cpp prints."""
    found = cues(make, plain=True)
    lines = [f"[{hms(a)}.000 --> {hms(b)}.000]   {text}" for a, b, text in found]
    make.variant = "whisper.cpp"
    return "\n".join(lines) + "\n", Truth(tuple(Row(None, text, a, b) for a, b, text in found))


# --- shape 7: Markdown -------------------------------------------------------------------------------------------

LINK = "https://www.example.com/watch?t="
MARKDOWN: dict[str, tuple[Callable[[str, float], str], str, bool]] = {
    "**Name:** text": (lambda name, _t: f"**{name}:**", " ", False),
    "**Name**: text": (lambda name, _t: f"**{name}**:", " ", False),
    "**Name** / / text": (lambda name, _t: f"**{name}**", "\n\n", False),
    "**Name:** / / text": (lambda name, _t: f"**{name}:**", "\n\n", False),
    "### Name": (lambda name, _t: f"### {name}", "\n\n", False),
    "- **Name:** text": (lambda name, _t: f"- **{name}:**", " ", False),
    "__Name:__ text": (lambda name, _t: f"__{name}:__", " ", False),
    "*Name:* text": (lambda name, _t: f"*{name}:*", " ", False),
    "Name: text": (lambda name, _t: f"{name}:", " ", False),
    "**Name** [M:SS](link) / / text": (lambda name, t: f"**{name}** [{short(t)}]({LINK}{t:.0f}s)", "\n\n", True),
    "[MM:SS](link) **Name:** text": (lambda name, t: f"[{ms(t)}]({LINK}{t:.0f}) **{name}:**", " ", True),
    "**Name:** \\[MM:SS\\] text": (lambda name, t: f"**{name}:** \\[{ms(t)}\\]", " ", True),
    "\\[MM:SS\\] **Name:** text": (lambda name, t: f"\\[{ms(t)}\\] **{name}:**", " ", True),
    "**[HH:MM:SS] Name:** text": (lambda name, t: f"**[{hms(t)}] {name}:**", " ", True),
    "**Name:** [HH:MM:SS] text": (lambda name, t: f"**{name}:** [{hms(t)}]", " ", True),
    "**Name** (HH:MM:SS): text": (lambda name, t: f"**{name}** ({hms(t)}):", " ", True),
    "**Name** *HH:MM:SS* / / text": (lambda name, t: f"**{name}** *{hms(t)}*", "\n\n", True),
}


EMPHASIS = (("*", "*"), ("_", "_"), ("**", "**"), ("[", "](https://example.org/x)"))


def markdown_front(make: Maker, talk: Talk, language: str) -> list[str]:
    """Write a Markdown document's front: YAML, title, show notes."""
    blocks = []
    if make.chance(0.3):
        blocks.append(f'---\ntitle: "{talk.title}"\ndate: 2024-03-04\nguests:\n  - {talk.people[-1].name}\n---')
    blocks += [f"# {talk.title}"] if make.chance(0.6) else []
    if language == "en" and make.chance(0.3):
        blocks += ["## Show notes", "- [The paper](https://example.org/paper)\n- Follow us at https://example.org"]
    return [*blocks, *([f"## {transcript_word(make, language).rstrip(':')}"] if blocks else [])]


def markdown(make: Maker) -> tuple[str, Truth]:
    """Write a Markdown transcript."""
    language = tongue(make)
    talk = converse(make, language=language)
    variant = make.pick(tuple(MARKDOWN))
    mark, gap, times = MARKDOWN[variant]
    style = replace(style_of(make, make.pick(EMPHASIS)), sound=SOUND_STYLES[make.pick((0, 1))])
    if make.chance(0.2):
        style = replace(style, sound=lambda sound: f"\\[{sound}\\]")
    label = Labels(make, talk, "full" if variant == "### Name" else None)
    blocks = markdown_front(make, talk, language)
    level = make.pick(("##", "###")) if variant != "### Name" else "##"
    marks = not times and "marks" in make.quirks
    for section in talk.sections:
        blocks += [f"{level} {section.title}"] if section.title else []
        for say in section.says:
            first, *rest = (show(make, style, text) for text in say.paragraphs)
            rest = [
                f"\\[{ms(say.start + i)}\\] {t}" if marks and make.chance(0.5) else t
                for i, t in enumerate(rest, 1)
            ]
            head = mark(label(say.who), say.start)
            if gap == " " and language in UNSPACED and not times:
                head = head.replace(":", "：")
            blocks += [head + gap + first, *rest]
    if make.chance(0.1):
        blocks += ["---", "*Thanks for listening!* Subscribe at https://example.org"]
    make.variant = variant + (" marks" if marks else "") + f" {language} {label.style}"
    found = truth(talk, times=times)
    if marks:
        found = replace(found, rows=tuple(replace(row, start=...) for row in found.rows))
    return join_blocks(make, blocks), found


# --- shape 8: saved web pages ------------------------------------------------------------------------------------


PAGES: dict[str, tuple[Callable[[str, float, list[str]], str], str, bool]] = {}


def page_style(name: str, wrap: str = "{}", times: bool = False) -> Callable[[Any], Any]:
    """Register how a page writes one turn, what stands around all of them, and whether it gives times."""

    def register(write_turn: Callable[[str, float, list[str]], str]) -> Callable[[str, float, list[str]], str]:
        PAGES[name] = (write_turn, wrap, times)
        return write_turn

    return register


def paras(texts: Iterable[str]) -> str:
    """Write paragraphs."""
    return "\n".join(f"<p>{text}</p>" for text in texts)


@page_style("strong, colon inside")
def _strong_inside(name: str, _t: float, texts: list[str]) -> str:
    return paras([f"<strong>{name}:</strong> {texts[0]}", *texts[1:]])


@page_style("b, colon outside")
def _bold_outside(name: str, _t: float, texts: list[str]) -> str:
    return paras([f"<b>{name}</b>: {texts[0]}", *texts[1:]])


@page_style("strong in a span")
def _styled(name: str, _t: float, texts: list[str]) -> str:
    label = f'<span style="font-weight: 400;"><strong>{name}:&nbsp;</strong></span>'
    return paras([f"{label}<span>{texts[0]}</span>", *texts[1:]])


@page_style("plain labels")
def _plain(name: str, _t: float, texts: list[str]) -> str:
    return paras([f"{name}: {texts[0]}", *texts[1:]])


@page_style("h4 name")
def _heading(name: str, _t: float, texts: list[str]) -> str:
    return f"<h4>{name}</h4>\n{paras(texts)}"


@page_style("strong name alone")
def _strong_alone(name: str, _t: float, texts: list[str]) -> str:
    return paras([f"<strong>{name}</strong>", *texts])


@page_style("name alone")
def _alone(name: str, _t: float, texts: list[str]) -> str:
    return paras([name, *texts])


@page_style("speaker span", times=True)
def _span(name: str, t: float, texts: list[str]) -> str:
    facts = f'<span class="speaker">{name}</span> <span class="time">{hms(t)}</span>'
    return f'<div class="turn">{facts}{paras(texts)}</div>'


@page_style("speaker and time divs", times=True)
def _divs(name: str, t: float, texts: list[str]) -> str:
    facts = f'<div class="meta"><div>{name}</div><div>{short(t)}</div></div>'
    return f'<div class="row">{facts}<div class="text">{paras(texts)}</div></div>'


@page_style("definition list", wrap="<dl>\n{}\n</dl>")
def _definitions(name: str, _t: float, texts: list[str]) -> str:
    return f"<dt>{name}</dt>\n<dd>{'<br><br>'.join(texts)}</dd>"


@page_style("table", wrap="<table><tbody>\n{}\n</tbody></table>")
def _table(name: str, _t: float, texts: list[str]) -> str:
    return f"<tr><td>{name}</td><td>{'<br>'.join(texts)}</td></tr>"


@page_style("table with times", wrap="<table><tbody>\n{}\n</tbody></table>", times=True)
def _timed_table(name: str, t: float, texts: list[str]) -> str:
    return f"<tr><td>{hms(t)}</td><td><b>{name}</b></td><td>{paras(texts)}</td></tr>"


@page_style("br between", wrap="<p>{}</p>")
def _breaks(name: str, _t: float, texts: list[str]) -> str:
    return f"{name}: " + "<br><br>".join(texts) + "<br><br>"


@page_style("bold and br between", wrap="<div>{}</div>")
def _bold_breaks(name: str, _t: float, texts: list[str]) -> str:
    return f"<b>{name}:</b> " + "<br /><br />".join(texts) + "<br /><br />"


@page_style("ts segments", times=True)
def _segments(name: str, t: float, texts: list[str]) -> str:
    link = f'<a href="https://youtube.com/watch?v=abc&amp;t={t:.0f}">({hms(t)})</a>'
    heads = [f'<span class="ts-name">{name}</span>', *([""] * (len(texts) - 1))]
    return "\n".join(
        f'<div class="ts-segment">{head}<span class="ts-timestamp">{link if head else ""}</span>'
        f' <span class="ts-text">{text}</span></div>'
        for head, text in zip(heads, texts, strict=True)
    )


@page_style("linked time", times=True)
def _linked(name: str, t: float, texts: list[str]) -> str:
    return paras(
        [f'{name} (<a href="https://www.example.com/editor?ts={t}">{ms(t)}</a>):<br>{texts[0]}', *texts[1:]]
    )


@page_style("cite and time", times=True)
def _cite(name: str, t: float, texts: list[str]) -> str:
    return f"<cite>{name}:</cite>\n<time>{short(t)}</time>\n{paras(texts)}"


@page_style("bold name and time", times=True)
def _bold_time(name: str, t: float, texts: list[str]) -> str:
    return paras([f"<strong>{name}</strong> ({hms(t)})", *texts])


@page_style("time in brackets", times=True)
def _bracket_time(name: str, t: float, texts: list[str]) -> str:
    return paras([f"[{hms(t)}] <strong>{name}:</strong> {texts[0]}", *texts[1:]])


NAVIGATION = (
    '<a class="skip" href="#main">Skip to content</a><nav><ul><li><a href="/">Home</a></li><li><a'
    ' href="/episodes">Episodes'
    '</a></li><li><a href="/about">About</a></li><li><a href="/shop">Shop</a></li></ul></nav>'
)
COOKIES = (
    '<div id="cookie-banner" class="cookie-consent" role="dialog"><p>We use cookies to improve your experience. By'
    " continuing you agree to our policy.</p><button>Accept all</button><button>Decline</button></div>"
)
COMMENTS = (
    '<section id="comments" class="comments"><h2>2 Comments</h2><ol><li'
    ' class="comment"><cite>Maria</cite> says: <p>Great'
    ' episode: loved the part about whales.</p><a href="#r">Reply</a></li><li'
    ' class="comment"><cite>joe77</cite> says: <p>Ann:'
    " please come back!</p></li></ol><form><label>Leave a"
    " comment</label><textarea></textarea><button>Post comment</button>"
    "</form></section>"
)
RELATED = (
    '<aside class="related-posts"><h3>Related episodes</h3><ul><li><a href="/1">Why whales'
    ' sing</a></li><li><a href="/2">The'
    " trouble with trains</a></li></ul></aside>"
)
SHARING = '<div class="share-buttons"><a href="#t">Tweet</a> <a href="#f">Share</a> <a href="#m">Email</a></div>'
FOOTER = (
    '<footer><p>© 2024 Open Questions. All rights reserved.</p><ul><li><a href="/privacy">Privacy'
    " Policy</a></li><li>"
    '<a href="/terms">Terms</a></li></ul><form><input type="email" placeholder="Your'
    ' email"><button>Subscribe</button></form>'
    "</footer>"
)


BOXES = ('<div class="entry-content transcript">\n{}\n</div>', '<div id="transcript">{}</div>', "{}")
FRAMES = (
    "<main><article>{}</article></main>",
    '<div class="site"><div class="content">{}</div></div>',
    "<article>{}</article>",
)


def page(make: Maker, talk: Talk, body: str) -> str:
    """Set a body into a web page with everything that such pages have around it."""
    title, about = html.escape(talk.title), html.escape(write(make.rng, make.pick(FRONT_PAGE)))
    heading = transcript_word(make, talk.language)
    parts = [NAVIGATION if make.chance(0.8) else "", COOKIES if make.chance(0.4) else ""]
    inner = f"<h1>{title}</h1>\n" + (SHARING if make.chance(0.4) else "")
    inner += f'<div class="description"><p>{about}</p></div>\n' if make.chance(0.6) else ""
    inner += f"<h2>{heading}</h2>\n" if make.chance(0.85) else ""
    inner += make.pick(BOXES).replace("{}", body)
    wrap = make.pick(FRAMES)
    parts.append(wrap.replace("{}", inner + (SHARING if make.chance(0.3) else "")))
    parts += [block for block in (COMMENTS, RELATED, FOOTER) if make.chance(0.5)]
    linked = {"@type": "PodcastEpisode", "name": talk.title, "partOfSeries": {"name": talk.show}}
    head = (
        f'<meta charset="utf-8"><title>{title} - {html.escape(talk.show)}</title>\n'
        f'<meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{about}">'
        f"<style>.ts-name {{ font-weight: bold; }} p {{ margin: 0 }}</style>"
        '<script>var data = {"name": "Host: nobody", "text": "<p>Ann: no</p>"};</script>'
        f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    )
    inside = "\n".join(filter(None, parts))
    return (
        f'<!DOCTYPE html>\n<html lang="{talk.language}">\n<head>\n{head}\n</head>\n'
        f'<body class="single">\n{inside}\n</body>\n</html>\n'
    )


def entities(text: str) -> str:
    """Write a text's quotes and dots as named entities."""
    for plain, entity in (
        ("’", "&rsquo;"),
        ("“", "&ldquo;"),
        ("”", "&#8221;"),
        ("…", "&hellip;"),
        ("—", "&mdash;"),
    ):
        text = text.replace(plain, entity)
    return text


def escaped(make: Maker) -> Callable[[str], str]:
    """Draw how a page escapes its text."""
    kind = make.pick(("plain", "plain", "entities"))
    return lambda text: (
        entities(html.escape(text, quote=False)) if kind == "entities" else html.escape(text, quote=False)
    )


TAGS = (
    ("<em>", "</em>"),
    ("<i>", "</i>"),
    ("<u>", "</u>"),
    ('<a href="https://example.org/x" target="_blank">', "</a>"),
)


def web_page(make: Maker) -> tuple[str, Truth]:
    """Write a saved page of a transcript."""
    language = tongue(make)
    variant = make.pick(tuple(PAGES))
    turn, wrap, times = PAGES[variant]
    whole = wrap != "{}"
    talk = converse(make, language=language, chapters=0 if whole or make.chance(0.4) else make.pick((2, 3, 5)))
    style = style_of(make, make.pick(TAGS), escaped(make))
    label = Labels(make, talk, "full" if "name" in variant or whole else None)
    level = make.pick(("h2", "h3"))
    blocks = []
    for section in talk.sections:
        if section.title:
            blocks.append(f'<{level} id="s{section.start:.0f}">{html.escape(section.title)}</{level}>')
        for say in section.says:
            texts = [show(make, style, text) for text in say.paragraphs]
            blocks.append(turn(html.escape(label(say.who), quote=False), say.start, texts))
    body = wrap.replace("{}", ("" if make.chance(0.2) else "\n").join(blocks))
    make.variant = f"{variant} {language} {label.style}"
    return page(make, talk, body), truth(talk, times=times)


# --- formats with cues -------------------------------------------------------------------------------------------


def cue_formats(make: Maker) -> tuple[str, Truth]:
    """Write a small WebVTT, SRT or Podcasting 2.0 JSON document."""
    kind = make.pick(("vtt voices", "vtt labels", "srt labels", "json", "srt", "vtt"))
    make.variant = kind
    if kind in ("srt", "vtt"):
        found = cues(make, plain=True)
        rows = tuple(Row(None, text, a, b) for a, b, text in found)
        return cue_text(kind, [(a, b, text) for a, b, text in found]), Truth(rows)
    talk = converse(make, chapters=0, sounds=False)
    says = [(say, " ".join(say.paragraphs)) for say in talk.says]
    if kind == "json":
        segments = [
            {"speaker": s.who.name, "startTime": s.start, "endTime": s.end, "body": text} for s, text in says
        ]
        return json.dumps({"version": "1.0.0", "segments": segments}, ensure_ascii=False), truth(
            talk, times=True, ends=True
        )
    voice = "<v {}>{}" if kind == "vtt voices" else "{}: {}"
    escape = html.escape if kind == "vtt voices" else str
    lines = [(say.start, say.end, voice.format(say.who.name, escape(text))) for say, text in says]
    return cue_text(kind[:3], lines), truth(talk, times=True, ends=True)


def cue_text(kind: str, found: Sequence[tuple[float, float, str]]) -> str:
    """Write cues as WebVTT or SRT."""
    point = "." if kind == "vtt" else ","
    stamps = [
        f"{hms(a)}{point}{int(a % 1 * 1000):03} --> {hms(b)}{point}{int(b % 1 * 1000):03}" for a, b, _ in found
    ]
    blocks = [
        f"{i}\n{stamp}\n{text}" for i, (stamp, (_, _, text)) in enumerate(zip(stamps, found, strict=True), 1)
    ]
    return ("WEBVTT\n\n" if kind == "vtt" else "") + "\n\n".join(blocks) + "\n"


# --- shape 9: encodings ------------------------------------------------------------------------------------------

ENCODINGS = ("utf-8-sig", "utf-16-le", "utf-16-be", "cp1252", "crlf", "cr", "nfd")


def encoded(make: Maker) -> tuple[bytes, Truth]:
    """Write another shape's document in another encoding."""
    encoding = make.pick(ENCODINGS)
    while True:
        text, found = make.pick((post, labelled, timed, markdown))(make)
        if encoding != "cp1252" or not set(text) - CP1252:
            break
    make.variant = f"{encoding}: {make.variant}"
    if encoding == "crlf":
        return text.replace("\n", "\r\n").encode(), found
    if encoding == "cr":
        return text.replace("\n", "\r").encode(), found
    if encoding == "nfd":
        return unicodedata.normalize("NFD", text).encode(), found
    bom = "\ufeff" if encoding.startswith("utf-16") else ""
    return (bom + text).encode(encoding), found


CP1252 = frozenset(bytes(b for b in range(9, 256) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)).decode("cp1252"))

SHAPES: dict[str, tuple[Callable[[Maker], tuple[str | bytes, Truth]], int]] = {
    "post": (post, 5),
    "labelled": (labelled, 6),
    "broadcast": (broadcast, 2),
    "captions": (captions, 2),
    "scraped": (scraped, 2),
    "summary": (summary, 1),
    "timed": (timed, 6),
    "markdown": (markdown, 5),
    "web page": (web_page, 7),
    "encoded": (encoded, 3),
    "cues": (cue_formats, 1),
}


def document(shape: str, seed: str) -> Document:
    """Make one document; the same seed makes the same."""
    make = Maker(random.Random(seed))
    if make.chance(0.3):
        make.quirks = set(make.rng.sample((*QUIRKS, "time lost", "marks"), make.pick((1, 2))))
    if "time lost" in make.quirks:
        make.quirks.discard("repeated label")
    data, found = SHAPES[shape][0](make)
    return Document(
        shape, make.variant, data if isinstance(data, bytes) else data.encode(), found, tuple(sorted(make.quirks))
    )


def documents(n: int, seed: int, only: str | None) -> Iterator[Document]:
    """Make documents, the shapes by their weight."""
    names = [only] if only else [name for name, (_, weight) in SHAPES.items() for _ in range(weight)]
    for i in range(n):
        shape = names[i % len(names)]
        yield document(shape, f"{seed}/{i}/{shape}")
