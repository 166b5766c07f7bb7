# ruff: noqa
"""A second corpus of made-up transcripts with their truth, written without sight of the parsers and of the first one.

`tests/benchmarks/second_opinion.py` reads and scores it; a sample stands in `tests/golden/second`.

generate(seed, n) -> Iterator[Doc].  Python 3.11, standard library only, deterministic by seed.

Truth conventions
  * turns: (canonical speaker | None, text, start seconds | None) in document order. Paragraphs of a turn
    are joined by "\\n". Events ([laughter], (SOUNDBITE ...), ♪), labels, times, list bullets and Markdown
    marks are not in the text. Start = value *as written* in the document, None where the format has none
    (a chapter's time is in `chapters`, never copied into a turn).
  * two labels of one speaker with nothing between them are one turn; with a chapter heading between, two.
  * Doc.unit: what one row stands for. Doc.count_exact: False where a reader may cut rows differently
    (captions, cues): compare words only. Doc.optional: text that may be counted as words or not.
  * Doc.aliases: other acceptable spellings of a canonical name (compare names casefolded).
"""

from __future__ import annotations
import argparse, html, json, os, random, re, textwrap
from dataclasses import dataclass, field, asdict
from typing import Iterator

SHAPES = {
    "post": 16,
    "labelled": 20,
    "captions": 5,
    "scraped": 6,
    "summary": 5,
    "stamped": 9,
    "blocks": 9,
    "markdown": 9,
    "timed": 6,
    "webpage": 22,
    "vtt": 4,
    "srt": 4,
    "podcast_json": 3,
    "podcast_html": 3,
}
EV0, EV1, LN0, LN1, LN2, EM0, EM1 = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07"


@dataclass
class Doc:
    name: str
    shape: str
    data: bytes
    turns: list
    speakers: set
    chapters: list
    lang: str = "en"
    encoding: str = "utf-8"
    unit: str = "turn"  # turn | paragraph | line | cue | sentence | none
    count_exact: bool = True
    aliases: dict = field(default_factory=dict)
    optional: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    traps: list = field(default_factory=list)
    meta: dict = field(default_factory=dict)


@dataclass
class Person:
    full: str
    first: str
    last: str
    role: str  # host | guest | cohost | extra
    title: str = ""
    tag: str = ""  # a bracketed role in the document's language


@dataclass
class Para:
    text: str  # with control marks for events, links, emphasis
    kind: str = "p"  # p | quote | list | note


@dataclass
class Turn:
    who: int
    paras: list
    time: float = 0.0
    end: float = 0.0


@dataclass
class Chap:
    title: str
    time: float = 0.0


@dataclass
class Between:  # an event line between turns
    text: str


@dataclass
class Ep:
    lang: str
    show: str
    title: str
    subtitle: str
    date: str
    year: int
    num: int
    topic: str
    people: list
    items: list
    notes: list
    traps: set
    url: str


# ------------------------------------------------------------------ word banks: English
FIRST = """Anna Rob Maya Tom Priya Daniel Lucia Kwame Ingrid Mateo Sofia Hannah Oscar Leila Viktor Nadia Felix Grace
Omar Beatrice Julian Chloe Ravi Esther Marcus Helen Yusuf Carla Desmond Freya Ian Wanda Theo Joyce Arjun Mei Pavel
Siobhan Luther Renee Amara Colin Tessa Bram Naomi Gus Rosalind Hugo Ayesha Kenji Dolores Elliot Fatima Warren Zoe
Jean-Paul Mary-Kate Ana Bruno Celeste Dmitri Eve Ted Sam Al Jo Bo""".split()
LAST = """Berg Wiblin Castellanos Hale Raman Okafor Lindqvist Moreau Haddad Petrov Nakamura Whitfield Osei Brandt
Kowalski Marsh Delgado Fontaine Abernathy Sørensen Müller Novak Iyer Castro Blythe Ferreira Quinn Adeyemi Thorne
Zhou Eriksen Pemberton Vance Laurent Ibarra Stone Baptiste Kaur Holloway Mbeki Rourke Sandoval Tanaka Ellsworth
O'Neill McAllister D'Angelo Smith-Jones Vega-Ruiz St. Clair""".replace("St. Clair", "St.~Clair").split()
LAST = [x.replace("~", " ") for x in LAST] + [
    "van der Berg",
    "de la Cruz",
    "von Trotha",
    "al-Rashid",
    "Le Guin",
    "dos Santos",
    "ten Boom",
    "bin Salim",
    "MacLeod",
    "Day-Lewis",
]
OTHERS = [
    "Eleanor Voss",
    "Marty Feldstein",
    "Professor Quill",
    "Jack Torrance",
    "Lena Horvath",
    "Bill Ostrander",
    "Katherine Mansour",
    "Doc Wheeler",
    "Uncle Ray",
    "Toni Alvarez",
    "Marcus Aurelius",
    "Susan Calloway",
    "J. P. Donnelly",
    "Mr. Pruitt",
    "Sister Agnes",
    "Darwin",
    "Hannah Arendt",
    "Benny Goodwin",
]
ORGS = [
    "the Harbor Institute",
    "Northwind",
    "the county board",
    "Bell Labs",
    "the Ministry of Works",
    "Greyfield Capital",
    "the Port Authority",
    "St. Luke's",
    "the BBC",
    "Calder & Sons",
    "OpenHarbor",
    "the union",
    "Ohio State",
    "NASA",
]
PLACES = [
    "Lisbon",
    "Dayton, Ohio",
    "the Outer Hebrides",
    "Nairobi",
    "St. Louis",
    "Kyoto",
    "the Rhône valley",
    "Tulsa",
    "a warehouse in Queens",
    "southern Chile",
    "Aberdeen",
    "Tromsø",
    "the back office",
    "my grandmother's kitchen",
]
BOOKS = [
    "Thinking in Systems: A Primer",
    "The Salt Road",
    "Tides: A Short History",
    "Seeing Like a Harbor",
    "Middlemarch",
    "Zen and the Art of Beekeeping",
    "Rust: The Longest War",
    "Small Machines: How We Got Here",
    "The Making of a Cook",
    "Drift: Essays on Water",
]
TOPICS = {
    "oyster farming": ("oysters", ["oyster", "reef", "tide", "hatchery", "estuary", "harvest"]),
    "machine learning": ("models", ["model", "benchmark", "training run", "data set", "reward", "lab"]),
    "urban transit": ("buses", ["bus", "route", "timetable", "platform", "city council", "fare"]),
    "sleep science": ("sleep", ["cortex", "nap", "dream", "circadian clock", "patient", "trial"]),
    "sourdough baking": ("bread", ["starter", "loaf", "oven", "flour", "crust", "bakery"]),
    "bond markets": ("bonds", ["yield", "portfolio", "auction", "rate cut", "spread", "desk"]),
    "beekeeping": ("bees", ["hive", "queen", "swarm", "meadow", "mite", "frame"]),
    "early computing": ("mainframes", ["punch card", "terminal", "compiler", "memory drum", "manual", "operator"]),
    "marathon training": ("runners", ["long run", "taper", "course", "split", "coach", "injury"]),
    "prison reform": ("prisons", ["sentence", "warden", "hearing", "statute", "cell block", "appeal"]),
    "documentary film": ("films", ["edit", "interview", "archive", "premiere", "shot list", "score"]),
    "volcanology": ("volcanoes", ["crater", "eruption", "sensor", "lava flow", "observatory", "ash cloud"]),
}
ADJ = [
    "strange",
    "careful",
    "expensive",
    "obvious",
    "slow",
    "beautiful",
    "fragile",
    "boring",
    "well-known",
    "two-sided",
    "political",
    "cheap",
    "overrated",
    "delicate",
    "honest",
    "hard-won",
    "half-finished",
    "remarkable",
]
VBD = [
    "rebuilt",
    "measured",
    "abandoned",
    "fought over",
    "outlived",
    "sold",
    "borrowed",
    "misread",
    "tested",
    "lost",
    "photographed",
    "paid for",
    "redesigned",
    "copied",
    "ignored",
    "explained",
]
VING = [
    "measuring",
    "waiting for",
    "arguing about",
    "rebuilding",
    "listening to",
    "paying for",
    "thinking about",
    "writing about",
    "giving up on",
    "getting rid of",
    "counting",
    "explaining",
]
S_EN = """The {n} {vbd} the {n2} before anyone noticed.|I spent {num} years {ving} the {n}, and I still get it wrong.
About {pct} percent of the {n}s we looked at in {year} were {adj}.|What people forget is that the {n} was {adj} long before {org} showed up.
In {place}, they {vbd} the whole {n} over a weekend.|You can't really separate the {n} from the {n2}.
{other} used to say that every {n} is a bet on the {n2}.|We started at {clock} and by noon the {n} was gone.
It's {adj}, it's {adj2}, and it's nobody's fault.|There were {num} of us, one {n}, and no plan whatsoever.
My view is that {org} {vbd} the {n} because it was cheap, not because it was right.|So the {n} goes up, the {n2} goes down, and everybody goes home.
That's when I read {book}, which more or less changed how I think about the {n}.|If you look at the numbers, it's {num},000 a year, give or take.
The {n} is {adj} — and I mean that in the best way — but the {n2} is what keeps me up at night.|People hear "{n}" and think of something {adj}.
I mean, the {n2} alone took {num} months.|By {year} we had {num} sites, a {adj} {n}, and roughly $4.{d} million in debt.
I don't think {org} would agree with me on that, which is fine.|They {vbd} it twice, actually.
There's a version of this story where the {n} wins...|The first {n} failed; the second {n} failed for different reasons.
You know, {other} warned us about the {n} back in {year}.|When I was in {place}, nobody talked about the {n2} at all.
It turns out that {ving} a {n} is mostly {ving2} a {n2}.|Let's be clear about one thing: the {n} was never the problem.
And he said: "You will regret the {n}, but you'll miss the {n2}."|The paper's called "{book2}" and it's about {pct} pages too long.
She looked at me and said, "Is that the {n}, or is that just you?"|I'd put it this way: {ving} the {n} is easy, {ving2} the {n2} is not.
We have a page on it at {url}, if anyone wants the details.|Everything after that — the {n}, the {n2}, the lawsuits — was downstream.
The ratio was 3:1, then 5:1, and then we stopped counting.|At 10:{d}0 in the morning the phone rang and it was {other}.
It was, um, a {adj} sort of {n}.|Honestly? The {n} was {adj}.|Nobody at {org} had ever {vbd} a {n} of that size.
It costs maybe €{num} per {n}, so you do the math.|I remember {ving} the {n2} with {other} until two in the morning.
The third reason, and this is the one I care about, is the {n2}.|I was like, okay, the {n} is done, we can go.
(That's not a joke, by the way.)|We had this [very] {adj} {n} in {place}.""".replace("\n", "|").split("|")
CLAUSES = """which is why the {n2} never recovered|and nobody asked why|because the {n2} was already gone|so we called {other}|though I'd say it differently today
if you believe {org}|and that, more or less, was the end of it|at least in {place}|even when the {n2} looks {adj}|which, by the way, is still true|or so I'm told
and it took {num} people to do it|before {year}, anyway|and then we started over: new {n}, new {n2}, new everything|as {other} likes to say|and I'll tell you why""".replace(
    "\n", "|"
).split("|")
NOTES_EN = """In this episode, {host} talks with {guest} about {topic}, the {n}, and what comes after the {n2}.|{guest} has spent {num} years working on {topic}. This conversation covers the {n}, the {n2}, and a {adj} decision made in {year}.
{host} speaks to {guest}, author of {book}, about the {adj} {n} and why the {n2} still matters.|Also discussed: {org}, life in {place}, and whether the {n} was ever the problem.|Recorded live in {place} in front of an audience of {num}.
Some follow-up reading is linked below, including {book}.|This is the second of two conversations on {topic}; the first covered the {n2}.""".replace(
    "\n", "|"
).split("|")
SUM_EN = """{last} argues that the {n} should be judged by its {n2} rather than by its price.|The guest emphasizes the need for caution when {ving} a {n}, and points to work done at {org} in {year}.
{last} predicts that {pct} percent of {n}s will change within {num} years.|The conversation then turns to {topic} and the {adj} role of the {n2}.|He recounts how a {adj} {n} in {place} led to a rethinking of the whole field.
While there may be concerns about the {n2}, {last} is confident that a {adj} approach is possible.|{first} reflects on the early days of {topic}, noting that the {n} was once considered {adj}.|They discuss the trade-off between {ving} the {n} and {ving2} the {n2}.
{last} shares insights from {book}, which shaped much of this thinking.|According to {last}, three things matter: the {n}, the {n2}, and time.|The host asks whether {org} was right; {last} is not convinced.""".replace(
    "\n", "|"
).split("|")
COLON_EN = [
    "Here's the thing: {x}",
    "And I also want to stress this: {x}",
    "One more point: {x}",
    "The short answer: {x}",
    "Two quick notes before that: {x}",
    "My rule is simple: {x}",
    "So the question becomes: {x}",
    "Bottom line: {x}",
    "But the truth is this: {x}",
    "Fun fact: {x}",
    "What I tell students is: {x}",
]
Q_EN = [
    "So how did you end up {ving} the {n}?",
    "What does a {adj} {n} look like in practice?",
    "Is the {n2} still a problem?",
    "Why {year}? What changed?",
    "How much of this is about {org}, and how much is just the {n}?",
    "Can you walk us through the {n}, step by step?",
    'You wrote that the {n} was "{adj}" — do you still believe that?',
    "Let me push back: isn't the {n2} doing all the work here?",
    "What would you say to someone {ving} a {n} today?",
    "And was it {adj}, or {adj2}, or both?",
    "When did you first meet {other}?",
    "Okay. But who pays for the {n}?",
]
SHORT_EN = [
    "Right.",
    "Yeah.",
    "Mm-hmm.",
    "Sure.",
    "No, not at all.",
    "Exactly.",
    "Wow. Okay.",
    "Of course.",
    "Interesting.",
    "Thank you.",
    "Really?",
    "That's right.",
    "I think so, yes.",
    "Go on.",
    "Ha, fair enough.",
    "Yes and no.",
    "Hmm.",
    "Absolutely not.",
    "Well…",
    "Say more about that.",
]
EVENTS = [
    "[laughter]",
    "[laughs]",
    "[crosstalk]",
    "(laughs)",
    "(laughter)",
    "[inaudible]",
    "[music]",
    "♪♪",
    "[crosstalk 00:12:31]",
    "[LAUGHTER]",
    "[applause]",
    "[sighs]",
]
BETWEEN = ["[MUSIC]", "(SOUNDBITE OF MUSIC)", "♪ ♪ ♪", "[THEME MUSIC PLAYS]", "[Music fades]", "[AD BREAK]"]
HEAD_EN = [
    "Why the {n} matters",
    "The road to the {n}",
    "What makes for a good {n}?",
    "{Topic} in {year}",
    "Plan for {year2}",
    "The {adj} {n} problem",
    "Is the {n2} overrated?",
    "Backup plans",
    "Audience questions",
    "How {num} people rebuilt a {n}",
    "Life after {org}",
    "Lessons from {place}",
    "{Topic}, money, and the {n2}",
    "The {n}: friend or foe?",
    "Rapid-fire questions",
    "The case against the {n}",
    "Favourite books",
    "What comes next",
]
SHOWS = [
    "The Long Table",
    "Second Draft",
    "Harbour Lights",
    "80 Minutes",
    "Under the Hood",
    "Common Ground",
    "The Workshop",
    "Slow Signals",
    "Field Notes FM",
    "Unfinished Business",
    "Off the Record",
    "Between Two Tides",
    "Plain Sight Radio",
]
TITLES_EN = [
    "{Topic}: what everyone gets wrong",
    "{guest} on {topic}, {n}s, and starting over",
    "#{num} – {guest}: The {adj} {n}",
    "The {adj} truth about {topic}",
    "{guest} ({Org}) - {Topic}, the {n2}, & Plan for {year2}",
    "Ep. {num}: Inside the {n}",
    "Who owns the {n}?",
    "How {topic} ate the world",
]
CREDITS = [
    "Thanks to {a} for editing this podcast, and to {b} for editing and annotating this transcript.",
    "Transcript edited by {a}.",
    "This transcript was generated automatically and may contain errors.",
    "This transcript has been lightly edited for length and clarity.",
    "Note: this is a rush transcript. Copy may not be in its final form.",
    "Please check the corresponding audio before quoting in print.",
]


# ------------------------------------------------------------------ word banks: other languages
def _w(s):
    return [x.strip() for x in s.split("|")]


X = {
    "de": dict(
        names=_w(
            "Katharina Vogt|Jürgen Weiß|Dr. Anke Schröder|Tim Pritlove-Hahn|Ayşe Yılmaz|Karl-Heinz Böhm|Maria von der Heide|Lukas Groß"
        ),
        n=_w("die Bahn|der Wald|das Gesetz|die Werkstatt|der Hafen|die Studie|das Archiv|der Stadtrat"),
        s=_w(
            "Ich habe {num} Jahre lang darüber nachgedacht, und {n} war immer das Problem.|Damals, im Jahr {year}, hat das niemand ernst genommen.|Man muss ehrlich sagen: {n} kostet Geld, und zwar nicht wenig.|Das waren ungefähr {pct} Prozent, vielleicht auch mehr.|Und dann sagte er: „So geht das nicht weiter.“|Wir haben um 10:30 Uhr angefangen und waren um Mitternacht fertig.|Für mich ist {n} so etwas wie ein Seismograf für die ganze Gesellschaft.|Natürlich gibt es Ausnahmen, aber die Regel ist ziemlich klar.|In Görlitz hat man es anders gemacht, und es hat funktioniert.|Das Buch heißt „Die Stille: Eine Kulturgeschichte“, ich kann es nur empfehlen.|Also, ähm, das war schon eine größere Sache.|Keiner wusste, wer zuständig ist – und genau das ist der Punkt."
        ),
        q=_w(
            "Wie sind Sie eigentlich dazu gekommen?|Was hat sich seit {year} verändert?|Und wer bezahlt das am Ende?|Ist das nicht ein bisschen übertrieben?"
        ),
        sh=_w("Genau.|Ja.|Nein, überhaupt nicht.|Stimmt.|Mhm.|Das glaube ich sofort."),
        c=_w("Der Punkt ist folgender: {x}|Und das möchte ich betonen: {x}"),
        h=_w(
            "Intro und Begrüßung|Wie alles anfing|Die Sache mit dem Geld|Was kommt als Nächstes?|Fragen aus dem Publikum|Der lange Weg nach Görlitz"
        ),
        hi=_w(
            "Herzlich willkommen zu {show}. Heute zu Gast ist {guest}. Schön, dass Sie da sind.|Danke für die Einladung.|Vielen Dank für das Gespräch.|Danke, hat Spaß gemacht."
        ),
        show=_w("Stadtgespräche|Der lange Tisch|Hörfeld"),
        title=_w("Wem gehört {n}?|Folge {num}: {guest} über das Warten|Was {n} mit uns macht"),
        ev=_w("[lacht]|[Lachen]|[Musik]|(lacht)"),
        ui=dict(
            tr="Transkript",
            sub="Jetzt abonnieren",
            share="Teilen",
            com="Kommentare",
            rel="Weitere Folgen",
            host="Moderatorin",
            guest="Gast",
            cookie="Wir verwenden Cookies, um Ihr Erlebnis zu verbessern.",
            ok="Alle akzeptieren",
            nl="Newsletter abonnieren",
            cr="Alle Rechte vorbehalten.",
            ch="Kapitel",
            li="Jetzt anhören auf Apple Podcasts und Spotify",
            dis="Dieses Transkript wurde automatisch erstellt und kann Fehler enthalten.",
            sp="Sprecher",
            home="Startseite",
            q="Frage",
            a="Antwort",
        ),
    ),
    "fr": dict(
        names=_w(
            "Élodie Marchand|Jean-Baptiste Roux|Camille de la Tour|Nicolas Lefèvre|Aïcha Benali|François Dupont|Inès Caron|Étienne Girard"
        ),
        n=_w("la forêt|le quartier|la loi|l'atelier|le port|cette étude|le théâtre|la mairie"),
        s=_w(
            "J'ai travaillé {num} ans là-dessus, et {n} reste un mystère.|En {year}, personne n'y croyait.|Il faut le dire : {n} coûte cher, très cher.|On parle de {pct} % de la population, ce n'est pas rien.|Et il m'a répondu : « Ce n'est pas votre problème. »|On a commencé à 10 h 30 et on a fini à minuit.|Pour moi, {n} raconte toute une époque.|Bien sûr, il y a des exceptions… mais elles sont rares.|À Besançon, ils ont fait exactement l'inverse.|Le livre s'appelle « Le Silence : une histoire », lisez-le.|Euh, c'était quand même une drôle d'affaire.|Personne ne savait qui décidait — et c'est bien là le problème."
        ),
        q=_w(
            "Comment êtes-vous arrivé là ?|Qu'est-ce qui a changé depuis {year} ?|Et qui paie, à la fin ?|N'est-ce pas un peu exagéré ?"
        ),
        sh=_w("Exactement.|Oui.|Pas du tout.|C'est vrai.|D'accord.|Ah bon ?"),
        c=_w("Voilà le point essentiel : {x}|Et j'insiste là-dessus : {x}"),
        h=_w(
            "Introduction|Les débuts|La question de l'argent|Et maintenant ?|Questions du public|Le détour par Besançon"
        ),
        hi=_w(
            "Bonjour et bienvenue dans {show}. Je reçois aujourd'hui {guest}. Bonjour !|Bonjour, merci de m'accueillir.|Merci infiniment.|Merci à vous."
        ),
        show=_w("La Grande Table ronde|Hors micro|Le temps long"),
        title=_w("À qui appartient {n} ?|Épisode {num} : {guest} et l'attente|Ce que {n} nous apprend"),
        ev=_w("[rires]|(rires)|[musique]|[Rires]"),
        ui=dict(
            tr="Transcription",
            sub="S'abonner",
            share="Partager",
            com="Commentaires",
            rel="Épisodes similaires",
            host="Animatrice",
            guest="Invité",
            cookie="Nous utilisons des cookies pour améliorer votre expérience.",
            ok="Tout accepter",
            nl="Recevez notre lettre",
            cr="Tous droits réservés.",
            ch="Chapitres",
            li="Écoutez sur Apple Podcasts et Spotify",
            dis="Cette transcription a été générée automatiquement et peut contenir des erreurs.",
            sp="Intervenant",
            home="Accueil",
            q="Q",
            a="R",
        ),
    ),
    "es": dict(
        names=_w(
            "Lucía Fernández|Álvaro Núñez|María José de la Fuente|Iñaki Urrutia|Carmen Ríos|Joaquín Peña|Sofía Ibáñez|Raúl Cortés"
        ),
        n=_w("el barrio|la ley|el puerto|la escuela|el archivo|la orquesta|el mercado|la radio"),
        s=_w(
            "Llevo {num} años con esto y {n} me sigue sorprendiendo.|En {year} nadie se lo tomaba en serio.|Hay que decirlo claro: {n} cuesta dinero.|Hablamos del {pct} por ciento, que no es poco.|Y él me dijo: «Así no se puede seguir».|Empezamos a las 10:30 y acabamos a medianoche.|Para mí, {n} es un espejo de todo lo demás.|Claro que hay excepciones, pero son pocas.|En Zaragoza lo hicieron al revés y funcionó.|El libro se llama El silencio: una historia, y es magnífico.|Bueno, eh, fue una cosa bastante rara.|Nadie sabía quién mandaba… y ese era el problema."
        ),
        q=_w(
            "¿Cómo llegaste hasta aquí?|¿Qué ha cambiado desde {year}?|¿Y quién paga todo eso?|¿No es un poco exagerado?"
        ),
        sh=_w("Exacto.|Sí.|Para nada.|Claro.|Ajá.|¿De verdad?"),
        c=_w("La cuestión es esta: {x}|Y quiero insistir en algo: {x}"),
        h=_w(
            "Introducción|Cómo empezó todo|La cuestión del dinero|¿Y ahora qué?|Preguntas del público|El viaje a Zaragoza"
        ),
        hi=_w(
            "Hola y bienvenidos a {show}. Hoy nos acompaña {guest}. ¡Bienvenido!|Muchas gracias por invitarme.|Gracias por venir.|Gracias a ustedes."
        ),
        show=_w("Sobremesa larga|Fuera de micro|La otra orilla"),
        title=_w("¿De quién es {n}?|Episodio {num}: {guest} y la espera|Lo que {n} nos enseña"),
        ev=_w("[risas]|(risas)|[música]|(ríe)"),
        ui=dict(
            tr="Transcripción",
            sub="Suscríbete",
            share="Compartir",
            com="Comentarios",
            rel="Episodios relacionados",
            host="Presentadora",
            guest="Invitado",
            cookie="Usamos cookies para mejorar tu experiencia.",
            ok="Aceptar todas",
            nl="Suscríbete al boletín",
            cr="Todos los derechos reservados.",
            ch="Capítulos",
            li="Escúchalo en Apple Podcasts y Spotify",
            dis="Esta transcripción se generó automáticamente y puede contener errores.",
            sp="Orador",
            home="Inicio",
            q="P",
            a="R",
        ),
    ),
    "pt": dict(
        names=_w(
            "João Figueiredo|Conceição dos Anjos|Luís Antônio Brandão|Beatriz Gonçalves|Tainá Araújo|Sérgio Magalhães"
        ),
        n=_w("o bairro|a lei|o porto|a escola|o arquivo|a feira|o rio|a rádio"),
        s=_w(
            'Trabalho nisso há {num} anos e {n} ainda me surpreende.|Em {year} ninguém levava a sério.|É preciso dizer: {n} custa dinheiro.|Estamos falando de {pct} por cento, não é pouco.|E ele respondeu: "Assim não dá."|Começamos às 10h30 e terminamos à meia-noite.|Para mim, {n} é um retrato do país.|Claro que há exceções, mas são poucas.|Em Coimbra fizeram o contrário e deu certo.|Ninguém sabia quem mandava — e aí está a questão.|Bom, é, foi uma coisa meio estranha.'
        ),
        q=_w("Como você chegou até aqui?|O que mudou desde {year}?|E quem paga essa conta?"),
        sh=_w("Exatamente.|Sim.|De jeito nenhum.|Pois é.|Claro."),
        c=_w("A questão é esta: {x}|E faço questão de dizer: {x}"),
        h=_w("Introdução|Como tudo começou|A conta chegou|E agora?|Perguntas dos ouvintes"),
        hi=_w(
            "Olá, bem-vindos ao {show}. Hoje recebemos {guest}. Seja bem-vindo!|Obrigado pelo convite.|Muito obrigado pela conversa.|Eu que agradeço."
        ),
        show=_w("Conversa Comprida|Fora do Ar|Maré Alta"),
        title=_w("De quem é {n}?|Episódio {num}: {guest} e a espera"),
        ev=_w("[risos]|(risos)|[música]"),
        ui=dict(
            tr="Transcrição",
            sub="Inscreva-se",
            share="Compartilhar",
            com="Comentários",
            rel="Episódios relacionados",
            host="Apresentadora",
            guest="Convidado",
            cookie="Usamos cookies para melhorar a sua experiência.",
            ok="Aceitar",
            nl="Assine a newsletter",
            cr="Todos os direitos reservados.",
            ch="Capítulos",
            li="Ouça no Spotify e Apple Podcasts",
            dis="Esta transcrição foi gerada automaticamente e pode conter erros.",
            sp="Falante",
            home="Início",
            q="P",
            a="R",
        ),
    ),
    "ja": dict(
        names=_w("田中美咲|佐藤健一|高橋さくら|鈴木一郎|山本・リサ|中村 大輔"),
        n=_w("この町|その法律|あの港|研究室|図書館|鉄道"),
        s=_w(
            "{num}年間ずっと{n}のことを考えてきました。|{year}年の時点では、誰も本気にしていなかったんです。|だいたい{pct}パーセントくらいですね。|彼はこう言いました。「それでは続かない」と。|朝の10時30分に始めて、終わったのは夜中でした。|もちろん例外はありますけど、{n}は別です。|えーと、ちょっと不思議な話なんですが。|つまり、{n}には時間がかかるということです。|本のタイトルは『静けさの歴史』です。|札幌ではまったく逆のことをやって、うまくいきました。"
        ),
        q=_w("どうして{n}に興味を持ったんですか？|{year}年から何が変わりましたか？|それは誰が払うんでしょう？"),
        sh=_w("そうですね。|はい。|なるほど。|いえいえ。|へえ、そうなんですか。"),
        c=_w("要するにこういうことです：{x}|ここが大事なんですが：{x}"),
        h=_w("オープニング|きっかけ|お金の話|これからのこと|質問コーナー"),
        hi=_w(
            "こんにちは、「{show}」へようこそ。今日のゲストは{guest}さんです。|お招きいただきありがとうございます。|今日はありがとうございました。|こちらこそ、楽しかったです。"
        ),
        show=_w("長いテーブル|夜のラジオ室"),
        title=_w("{n}は誰のものか|第{num}回 {guest}さんと待つこと"),
        ev=_w("（笑）|［笑い］|（音楽）"),
        ui=dict(
            tr="文字起こし",
            sub="チャンネル登録",
            share="シェア",
            com="コメント",
            rel="関連エピソード",
            host="司会",
            guest="ゲスト",
            cookie="当サイトではCookieを使用しています。",
            ok="同意する",
            nl="メールマガジン登録",
            cr="無断転載を禁じます。",
            ch="チャプター",
            li="Apple PodcastsとSpotifyで配信中",
            dis="この文字起こしは自動生成されたもので、誤りを含む場合があります。",
            sp="話者",
            home="ホーム",
            q="Q",
            a="A",
        ),
    ),
    "zh": dict(
        names=_w("王小明|李静怡|欧阳振华|陈思远|张伟|林·大卫"),
        n=_w("这座城市|那条法律|港口|实验室|图书馆|铁路"),
        s=_w(
            "我研究{n}已经{num}年了，还是经常弄错。|在{year}年，没有人把它当回事。|大概有百分之{pct}吧。|他对我说：“这样下去是不行的。”|我们早上10点30分开始，一直做到半夜。|当然有例外，但是{n}不一样。|嗯，这件事说起来有点奇怪。|所以说，{n}需要时间。|那本书叫《安静：一部历史》，非常好看。|成都的做法正好相反，结果反而成功了。"
        ),
        q=_w("你当初为什么会关注{n}？|{year}年以来有什么变化？|那么最后谁来付钱呢？"),
        sh=_w("对。|是的。|没错。|当然不是。|哦，真的吗？"),
        c=_w("问题在于：{x}|我还想强调一点：{x}"),
        h=_w("开场|故事的起点|钱的问题|接下来呢|听众提问"),
        hi=_w("大家好，欢迎收听《{show}》。今天的嘉宾是{guest}。|谢谢邀请。|谢谢你今天来。|谢谢大家。"),
        show=_w("长桌谈话|城市漫游"),
        title=_w("{n}属于谁？|第{num}期：{guest}谈等待"),
        ev=_w("（笑）|[笑声]|[音乐]"),
        ui=dict(
            tr="文字稿",
            sub="订阅",
            share="分享",
            com="评论",
            rel="相关节目",
            host="主持人",
            guest="嘉宾",
            cookie="本网站使用 Cookie。",
            ok="接受",
            nl="订阅邮件",
            cr="版权所有。",
            ch="章节",
            li="在小宇宙和 Apple Podcasts 收听",
            dis="本文字稿由机器自动生成，可能存在错误。",
            sp="发言人",
            home="首页",
            q="问",
            a="答",
        ),
    ),
    "ar": dict(
        names=_w("ليلى حداد|عمر بن سالم|د. سامي العطار|نور الهدى منصور|يوسف قاسم"),
        n=_w("المدينة|القانون|الميناء|المدرسة|الأرشيف|السوق"),
        s=_w(
            "عملت على هذا الموضوع {num} سنة، وما زالت {n} تفاجئني.|في عام {year} لم يكن أحد يأخذ الأمر بجدية.|نتحدث عن {pct} في المئة تقريبا، وهذا ليس قليلا.|ثم قال لي: «لا يمكن أن نستمر هكذا».|بدأنا في الساعة 10:30 وانتهينا عند منتصف الليل.|بالطبع هناك استثناءات، لكنها قليلة.|كانت قصة غريبة في الحقيقة.|في طنجة فعلوا العكس تماما ونجحوا.|لم يكن أحد يعرف من المسؤول، وهذه هي المشكلة."
        ),
        q=_w("كيف وصلت إلى هنا؟|ما الذي تغير منذ عام {year}؟|ومن يدفع في النهاية؟"),
        sh=_w("نعم.|بالضبط.|لا، أبدا.|صحيح.|طبعا."),
        c=_w("المسألة هي: {x}|وأريد أن أؤكد هذا: {x}"),
        h=_w("المقدمة|كيف بدأت القصة|سؤال المال|ماذا بعد؟|أسئلة الجمهور"),
        hi=_w("أهلا وسهلا بكم في {show}. ضيفنا اليوم هو {guest}.|شكرا على الدعوة.|شكرا جزيلا لك.|شكرا لكم."),
        show=_w("حديث طويل|خارج الإذاعة"),
        title=_w("لمن {n}؟|الحلقة {num}: {guest} والانتظار"),
        ev=_w("[ضحك]|(ضحك)|[موسيقى]"),
        ui=dict(
            tr="النص الكامل",
            sub="اشترك الآن",
            share="مشاركة",
            com="تعليقات",
            rel="حلقات ذات صلة",
            host="المقدمة",
            guest="الضيف",
            cookie="نستخدم ملفات تعريف الارتباط لتحسين تجربتك.",
            ok="موافق",
            nl="اشترك في النشرة البريدية",
            cr="جميع الحقوق محفوظة.",
            ch="الفصول",
            li="استمع على أبل بودكاست وسبوتيفاي",
            dis="تم إنشاء هذا النص آليا وقد يحتوي على أخطاء.",
            sp="المتحدث",
            home="الرئيسية",
            q="س",
            a="ج",
        ),
    ),
    "he": dict(
        names=_w("נועה ברקוביץ'|יואב בן-דוד|ד\"ר תמר לוי|אורי שחר|מיכל אבני"),
        n=_w("העיר|החוק|הנמל|בית הספר|הארכיון|השוק"),
        s=_w(
            'עבדתי על זה {num} שנים, ו{n} עדיין מפתיע אותי.|בשנת {year} אף אחד לא לקח את זה ברצינות.|אנחנו מדברים על {pct} אחוז בערך, וזה לא מעט.|ואז הוא אמר לי: "ככה אי אפשר להמשיך".|התחלנו ב-10:30 בבוקר וסיימנו בחצות.|כמובן שיש יוצאים מן הכלל, אבל הם מעטים.|זה היה סיפור די מוזר, האמת.|בחיפה עשו בדיוק הפוך וזה הצליח.|אף אחד לא ידע מי אחראי, וזאת הבעיה.'
        ),
        q=_w("איך הגעת לזה?|מה השתנה מאז {year}?|ומי משלם על זה בסוף?"),
        sh=_w("כן.|בדיוק.|ממש לא.|נכון.|ברור."),
        c=_w("העניין הוא כזה: {x}|ואני רוצה להדגיש: {x}"),
        h=_w("פתיחה|איך הכול התחיל|שאלת הכסף|מה הלאה?|שאלות מהקהל"),
        hi=_w("שלום וברוכים הבאים ל{show}. איתנו היום {guest}.|תודה שהזמנתם אותי.|תודה רבה לך.|תודה לכם."),
        show=_w("שולחן ארוך|מחוץ לשידור"),
        title=_w("של מי {n}?|פרק {num}: {guest} על ההמתנה"),
        ev=_w("[צוחק]|(צחוק)|[מוזיקה]"),
        ui=dict(
            tr="תמלול",
            sub="הירשמו עכשיו",
            share="שתפו",
            com="תגובות",
            rel="פרקים נוספים",
            host="מנחה",
            guest="אורח",
            cookie="אנו משתמשים בעוגיות לשיפור החוויה.",
            ok="אישור",
            nl="הרשמה לניוזלטר",
            cr="כל הזכויות שמורות.",
            ch="פרקים",
            li="האזינו באפל פודקאסטס ובספוטיפיי",
            dis="התמלול נוצר באופן אוטומטי ועלול להכיל שגיאות.",
            sp="דובר",
            home="דף הבית",
            q="ש",
            a="ת",
        ),
    ),
    "ru": dict(
        names=_w("Анна Бергман|Дмитрий Соколов|Мария Петрова-Водкина|Алексей Ёлкин|Ольга Щербакова"),
        n=_w("этот город|закон|порт|школа|архив|рынок"),
        s=_w(
            "Я занимаюсь этим {num} лет, и {n} до сих пор меня удивляет.|В {year} году никто не воспринимал это всерьёз.|Речь идёт примерно о {pct} процентах, это немало.|И тогда он сказал: «Так дальше нельзя».|Мы начали в 10:30 утра и закончили за полночь.|Конечно, бывают исключения, но их мало.|Ну, это была довольно странная история.|В Казани сделали наоборот — и получилось.|Никто не знал, кто отвечает за дело… вот и всё."
        ),
        q=_w("Как вы вообще к этому пришли?|Что изменилось с {year} года?|И кто за это платит?"),
        sh=_w("Да.|Именно.|Нет, совсем нет.|Верно.|Угу."),
        c=_w("Дело вот в чём: {x}|И ещё хочу подчеркнуть: {x}"),
        h=_w("Вступление|С чего всё началось|Вопрос денег|Что дальше?|Вопросы слушателей"),
        hi=_w(
            "Здравствуйте, это подкаст «{show}». Сегодня у нас в гостях {guest}.|Спасибо, что позвали.|Большое спасибо за разговор.|Спасибо вам."
        ),
        show=_w("Длинный стол|Не для эфира"),
        title=_w("Чей это {n}?|Выпуск {num}: {guest} об ожидании"),
        ev=_w("[смеётся]|(смех)|[музыка]"),
        ui=dict(
            tr="Расшифровка",
            sub="Подписаться",
            share="Поделиться",
            com="Комментарии",
            rel="Похожие выпуски",
            host="Ведущая",
            guest="Гость",
            cookie="Мы используем файлы cookie.",
            ok="Принять",
            nl="Подписка на рассылку",
            cr="Все права защищены.",
            ch="Главы",
            li="Слушайте в Apple Podcasts и Яндекс Музыке",
            dis="Расшифровка создана автоматически и может содержать ошибки.",
            sp="Спикер",
            home="Главная",
            q="В",
            a="О",
        ),
    ),
}
UI_EN = dict(
    tr="Transcript",
    sub="Subscribe",
    share="Share",
    com="Comments",
    rel="Related episodes",
    host="Host",
    guest="Guest",
    cookie="We use cookies to improve your experience. By continuing you accept our privacy policy.",
    ok="Accept all",
    nl="Get new episodes in your inbox",
    cr="All rights reserved.",
    ch="Chapters",
    li="Listen on Apple Podcasts, Spotify, or any other podcast platform.",
    dis="This transcript was generated automatically and may contain errors.",
    sp="Speaker",
    home="Home",
    q="Q",
    a="A",
)
CJK = {"ja", "zh"}
RTL = {"ar", "he"}


def ui(lang):
    return UI_EN if lang == "en" else X[lang]["ui"]


# ------------------------------------------------------------------ speech
class Voice:
    """Sentences of one episode: a topic, a language, a typographic habit."""

    def __init__(self, r, lang, guest="", show=""):
        self.r, self.lang = r, lang
        self.topic = r.choice(list(TOPICS))
        self.curly, self.dash, self.ell = (
            r.random() < 0.5,
            r.choice(["—", " – ", "--", "—"]),
            r.choice(["...", "…"]),
        )
        self.guest, self.show, self.last = guest, show, []

    def fill(self, t, **kw):
        r = self.r
        if self.lang == "en":
            n, n2 = r.sample(TOPICS[self.topic][1], 2)
            a, a2 = r.sample(ADJ, 2)
            v, v2 = r.sample(VING, 2)
            d = dict(
                n=n,
                n2=n2,
                adj=a,
                adj2=a2,
                ving=v,
                ving2=v2,
                vbd=r.choice(VBD),
                other=r.choice(OTHERS),
                org=r.choice(ORGS),
                Org=r.choice(ORGS).replace("the ", ""),
                place=r.choice(PLACES),
                book=r.choice(BOOKS),
                book2=r.choice(BOOKS),
                topic=self.topic,
                Topic=self.topic.capitalize(),
                clock=r.choice(["6:15", "7:40 a.m.", "half past five", "09:00 sharp"]),
                url=r.choice(
                    [
                        "https://example.org/notes",
                        "harbor.example/advising",
                        "https://lab.example.com/p?id=4:2",
                        "www.example.net",
                    ]
                ),
            )
        else:
            d = dict(n=r.choice(X[self.lang]["n"]))
        d |= (
            dict(
                num=r.randint(3, 98),
                pct=r.randint(4, 96),
                year=r.randint(1951, 2023),
                year2=r.randint(2024, 2031),
                d=r.randint(1, 5),
                guest=self.guest,
                show=self.show,
            )
            | kw
        )
        t = t.format(**d)
        if self.lang == "en":
            t = re.sub(r"\b([Aa]) (?=[aeiou]|honest\b|hour)(?!one\b|union\b|use)", r"\1n ", t)
            t = re.sub(r"(ch|sh|ss|x)s\b", r"\1es", t)
            t = re.sub(r"(?<=[b-df-hj-np-tv-z])ys\b", "ies", t)
        return t

    def typo(self, s):
        if self.lang == "en":
            if self.curly:
                s = re.sub(r'(^|[\s(\[—])"', r"\1“", s).replace('"', "”").replace("'", "’")
            s = s.replace(" — ", self.dash) if self.dash != " – " else s.replace(" — ", " – ")
            s = s.replace("...", self.ell)
        return s

    def bank(self, k):
        return (
            {"s": S_EN, "q": Q_EN, "sh": SHORT_EN, "c": COLON_EN, "h": HEAD_EN, "ev": EVENTS}[k]
            if self.lang == "en"
            else X[self.lang][k]
        )

    def sent(self):
        for _ in range(6):
            t = self.r.choice(self.bank("s"))
            if t not in self.last:
                break
        self.last = (self.last + [t])[-12:]
        s = self.fill(t)
        if self.lang == "en" and s[-1] == "." and s[-2] != "." and ":" not in s and self.r.random() < 0.3:
            s = s[:-1] + ", " + self.fill(self.r.choice(CLAUSES)) + "."
        if (
            self.lang == "en"
            and self.r.random() < 0.2
            and s[0] not in "(["
            and not re.match(r"You know|I mean|And |So |Honestly|Let's|Yeah|By ", s)
        ):
            op = self.r.choice(
                ["And ", "So, ", "Well, ", "But honestly, ", "I mean, ", "Look, ", "Yeah, no, ", "You know, "]
            )
            s = op + self.low(s)
        return s

    @staticmethod
    def low(s):  # first letter small unless it is a name or "I"
        return (
            s
            if re.match(r"I\b|[(“\"]|[A-Z]{2}", s)
            or s.split()[0] in {w for x in OTHERS + PLACES for w in x.split() if w[0].isupper()}
            else s[0].lower() + s[1:]
        )

    def colon(self):
        s = self.sent()
        while s[0] in "([" or self.lang == "en" and re.match("And|But|So|Well|Look|Yeah|You know|I mean", s):
            s = self.sent()
        if self.lang == "en" and self.r.random() < 0.6:
            s = self.low(s)
        return self.fill(self.r.choice(self.bank("c")).replace("{x}", s.replace("{", "").replace("}", "")))

    def join(self, xs):
        return ("" if self.lang in CJK else " ").join(xs)

    def para(self, n=0):
        n = n or self.r.choice([1, 2, 2, 3, 3, 4, 5, 6])
        xs = [self.colon() if self.r.random() < 0.05 else self.sent() for _ in range(n)]
        while xs[0][0] in "([" and self.lang == "en":
            xs[0] = self.sent()
        return self.typo(self.join(xs))

    def note(self, host):
        if self.lang == "en" and host == self.guest:
            return self.typo(self.fill("A solo episode on {topic}, the {n}, and what comes after the {n2}."))
        return (
            self.typo(
                " ".join(
                    self.fill(t, host=host)
                    for t in [self.r.choice(NOTES_EN[:3])] + self.r.sample(NOTES_EN[3:], self.r.randint(0, 2))
                )
            )
            if self.lang == "en"
            else self.para(2)
        )

    def q(self):
        return self.typo(
            self.join(
                ([self.para(1)] if self.r.random() < 0.45 else []) + [self.fill(self.r.choice(self.bank("q")))]
            )
        )

    def short(self):
        return self.typo(self.r.choice(self.bank("sh")))

    def head(self):
        return self.typo(self.fill(self.r.choice(self.bank("h"))))


def truth_text(t):
    t = re.sub(EV0 + ".*?" + EV1, " ", t, flags=re.S)
    t = re.sub(LN0 + "(.*?)" + LN1 + ".*?" + LN2, r"\1", t)
    t = t.replace(EM0, "").replace(EM1, "").replace("\n", " ")
    return re.sub(r"[ \t]+", " ", t).strip()


# ------------------------------------------------------------------ episode
def make_people(r, lang, n, traps):
    out, ls = [], set()
    if lang != "en":
        names = r.sample(X[lang]["names"], min(n, len(X[lang]["names"])))
        u = ui(lang)
        for i, nm in enumerate(names):
            t = re.match(r"(Dr\.|د\.|ד\"ר) ", nm)
            p = (nm[t.end() :] if t else nm).split(" ")
            out.append(
                Person(
                    nm,
                    p[0],
                    " ".join(p[1:]) or p[0],
                    "host" if i == 0 else "guest",
                    t.group(1) if t else "",
                    u["host"] if i == 0 else u["guest"],
                )
            )
        return out
    fs = r.sample(FIRST, n)
    if "shared_first" in traps and n > 1:
        fs[1] = fs[0]
    for i, f in enumerate(fs):
        while (l := r.choice(LAST)).split()[-1] in ls:
            pass
        ls.add(l.split()[-1])
        x = r.random()
        full = f"{f} {l}"
        if x < 0.05:
            full = f"{f} {r.choice('JKMTW')}. {l}"
        elif x < 0.10 and "shared_first" not in traps:
            f = r.choice(["J. R.", "C. S.", "T.J.", "W. E. B.", "R. L."])
            if any(p.first == f for p in out):
                f = fs[i]
            full = f"{f} {l}"
        title = (
            r.choice(["Dr.", "Prof.", "Sen.", "Rev."]) if i and (x > 0.93 or "titles" in traps and i == 1) else ""
        )
        role = "host" if i == 0 else "cohost" if i == 2 and r.random() < 0.4 else "guest"
        out.append(
            Person(
                f"{title} {full}".strip(),
                f,
                l,
                role,
                title,
                r.choice(
                    {
                        "host": ["host", "Host", "HOST"],
                        "guest": ["guest", "Guest", "author", "OpenHarbor"],
                        "cohost": ["co-host", "producer"],
                    }[role]
                ),
            )
        )
    return out


def decorate(v, paras, traps, who_names, r, allow):
    """Put a trap or ordinary decoration into the paragraphs of one turn."""
    if r.random() < 0.07:
        p = r.choice(paras)
        ev = r.choice([e for e in v.bank("ev") if "times" in allow or not re.search(r"\d\d:\d\d", e)])
        m = [
            k
            for k in re.finditer(r"(?<=[^\W\d_]{3}[.!?]) (?!\()|(?<=[。！？])(?=[^」』”）])", p.text)
            if not re.match(r".*(Mr|Dr|Prof|Sen|Rev)\.$", p.text[: k.start()])
        ]
        if m and p.kind == "p":
            k = r.choice(m)
            p.text = p.text[: k.start()] + " " + EV0 + ev + EV1 + " " + p.text[k.end() :]
        else:
            p.text = p.text + " " + EV0 + ev + EV1
    if r.random() < 0.05 and v.lang == "en":
        p = paras[-1]
        w = [m for m in re.finditer(r"(?<= )[a-z]{5,}(?= )", p.text) if EV0 not in p.text]
        if w:
            k = r.choice(w)
            p.text = (
                p.text[: k.start()]
                + (
                    LN0 + k.group() + LN1 + "https://example.org/" + k.group() + LN2
                    if r.random() < 0.5
                    else EM0 + k.group() + EM1
                )
                + p.text[k.end() :]
            )


def make_episode(r, traps, lang="en", allow=("labels", "times", "quotes"), size=None, npeople=None):
    n = npeople or (1 if "solo" in traps else r.choices([2, 3, 4, 5, 6, 7], [62, 18, 9, 5, 3, 3])[0])
    if "once" in traps or "shared_first" in traps:
        n = max(n, 3 if "once" in traps else 2)
    if "two" in traps:
        n = 2
    people = make_people(r, lang, n, traps)
    n = len(people)
    show = r.choice(SHOWS) if lang == "en" else r.choice(X[lang]["show"])
    v = Voice(r, lang, people[1].full if n > 1 else people[0].full, show)
    title = v.typo(v.fill(r.choice(TITLES_EN if lang == "en" else X[lang]["title"])))
    year = r.randint(2014, 2025)
    date = (
        f"{r.choice('January February March April May June July August September October November December'.split())} {r.randint(1, 28)}, {year}"
        if lang == "en" and r.random() < 0.7
        else f"{r.randint(1, 28):02d}.{r.randint(1, 12):02d}.{year}"
    )
    size = size or (int(14 * (6 ** r.random())) if r.random() < 0.93 else r.randint(90, 260))
    turns, prev, guests = [], -1, list(range(1, n)) or [0]
    G = {"intro": None}

    def T(who, paras):
        paras = [Para(p) if isinstance(p, str) else p for p in paras]
        if "quotes" in allow or "labels" in allow:
            decorate(v, paras, traps, None, r, allow)
        return Turn(who, paras)

    solo = v.typo(
        v.fill("Welcome to {show}, I'm {guest}, and today it's just me." if lang == "en" else "{guest}, {show}.")
    )
    hi = (
        [v.fill(x) for x in X[lang]["hi"]]
        if lang != "en"
        else [
            v.fill(
                r.choice(
                    [
                        "Welcome to {show}. Today I have the pleasure to speak with {guest}. Thanks for coming on.",
                        "Hi listeners, this is {show}, and my guest today is {guest}.",
                        "From the studio in Leeds, this is {show}. {guest}, welcome back.",
                    ]
                )
            ),
            v.fill(
                r.choice(
                    [
                        "Thanks for having me.",
                        "Thank you. It's a pleasure to be here.",
                        "Thanks a lot for having me again.",
                    ]
                )
            ),
            "My guest today has been " + v.guest + ". Thank you so much.",
            r.choice(["Thank you.", "It was fun to talk about all this stuff.", "Thanks, everyone."]),
        ]
    )
    hi = [v.typo(x) for x in hi]
    if "long_intro" in traps:
        turns.append(T(0, [hi[0] if n > 1 else solo] + [v.para() for _ in range(r.randint(6, 12))]))
    else:
        turns.append(T(0, [hi[0]] if n > 1 else [solo, v.para(), v.para()]))
    if n > 1:
        turns.append(T(1, [hi[1]]))
    extra = n - 1 if "once" in traps else -1
    active = [g for g in guests if g != extra] or guests
    while len(turns) < size:
        prev = turns[-1].who
        if n == 1:
            turns.append(T(0, [v.para() for _ in range(r.randint(2, 6))]))
            continue
        who = (
            0
            if prev != 0 and r.random() < 0.8
            else r.choice([g for g in active + ([0] if n > 2 else []) if g != prev] or [0])
        )
        if who == 0:
            turns.append(
                T(0, [v.short() if r.random() < 0.25 else v.q()] if r.random() < 0.8 else [v.para(), v.q()])
            )
        elif r.random() < 0.16:
            turns.append(T(who, [v.short()]))
        else:
            turns.append(T(who, [v.para() for _ in range(r.choices([1, 2, 3, 4, 6], [50, 25, 13, 8, 4])[0])]))
    if n > 1:
        if turns[-1].who == 0:
            turns.append(T(r.choice(active), [v.para()]))
        turns.append(T(0, [hi[2]]))
        turns.append(T(1, [hi[3]]))
    if "once" in traps and n > 2:  # heard once, in the middle; someone else on both sides
        k = r.randint(len(turns) // 3, len(turns) * 2 // 3)
        turns.insert(k, T(extra, [v.q()]))
    used = {t.who for t in turns}
    for g in range(n):  # nobody is silent
        if g not in used:
            k = (
                next(i for i in range(3, len(turns)) if turns[i - 1].who != g and turns[i].who != g)
                if len(turns) > 4
                else len(turns)
            )
            turns.insert(k, T(g, [v.para()]))
    long = (
        [t for t in turns if len(t.paras) > 1 and t.who != 0]
        or [t for t in turns if t.who == turns[-1].who]
        or turns
    )
    t = r.choice(long)
    if "colon_para" in traps:
        for t2 in r.sample(long, min(3, len(long))):
            t2.paras.insert(r.randint(1, len(t2.paras)), Para(v.typo(v.colon())))
    if "quote_block" in traps:
        a, b = v.para(2), v.para(2)
        t.paras[1:1] = [Para(a, "quote"), Para(b, "quote")][: r.randint(1, 2)]
        t.paras.append(Para(v.para(2)))
    if "list_para" in traps:
        t = r.choice(long)
        t.paras.append(
            Para(
                "\n".join(
                    v.sent() if r.random() < 0.5 else r.choice(BOOKS if lang == "en" else X[lang]["n"])
                    for _ in range(r.randint(2, 4))
                ),
                "list",
            )
        )
        t.paras.append(Para(v.para(1)))
    if "title_start" in traps and lang == "en":
        t = r.choice(long)
        t.paras.append(
            Para(
                v.typo(
                    r.choice(
                        [
                            "Thinking in Systems: A Primer is the one I always hand to people.",
                            "Tides: A Short History came out that spring, and nobody bought it.",
                            "Rust: The Longest War is a terrific book, by the way.",
                            "Marcus Aurelius, of all people, said it better.",
                        ]
                    )
                )
            )
        )
    if "clock_start" in traps and lang == "en":
        t = r.choice(long)
        t.paras.append(
            Para(
                v.typo(
                    r.choice(
                        [
                            "10:30 in the morning is when it happened, and nobody was in the building.",
                            "2019 was the year it all went wrong.",
                            "3:1, that's the ratio, and it hasn't moved since.",
                        ]
                    )
                )
            )
        )
    if "url_para" in traps:
        r.choice(long).paras.append(Para("https://example.org/advising"))
    if "name_addressed" in traps and n > 1:
        i = r.randint(2, len(turns) - 3)
        g = turns[i].who
        if turns[i - 1].who != g:
            turns[i - 1].paras.append(
                Para(f"{people[g].first}?" if lang not in CJK else people[g].full + "さん？")
            )
    if "editor_note" in traps and lang == "en":
        r.choice(long).paras.insert(
            1,
            Para(
                v.typo(
                    "[Editor's note: the correct figure, according to the 2021 report, is nearer "
                    + str(r.randint(20, 60))
                    + " percent.]"
                ),
                "note",
            ),
        )
    items = list(turns)
    if "same_twice" in traps:  # the label again, nothing between
        for _ in range(r.randint(1, 3)):
            i = r.randrange(1, len(items))
            items.insert(i + 1, Turn(items[i].who, [Para(v.para(2))]))
    if "event_between" in traps:
        ok = [i for i in range(2, len(items)) if items[i].who != items[i - 1].who]
        for i in sorted(r.sample(ok, min(2, len(ok))), reverse=True):
            items.insert(
                i,
                Between(
                    r.choice(BETWEEN) if lang == "en" else r.choice([e for e in X[lang]["ev"] if e[0] in "[［（("])
                ),
            )
    if "label_each_para" in traps:
        items = [
            x
            for it in items
            for x in (
                [Turn(it.who, [p]) for p in it.paras]
                if isinstance(it, Turn) and all(p.kind == "p" for p in it.paras)
                else [it]
            )
        ]
    merge_solo = n == 1 and r.random() < 0.75
    # clock
    clock, wps = (0.0 if r.random() < 0.4 else r.choice([1.0, 4.0, 12.0])), r.uniform(1.2, 3.2)
    if "long_hours" in traps:
        wps *= 0.12
    for it in items:
        if isinstance(it, Turn):
            it.time = round(clock, 2)
            w = sum(len(p.text) / (5.5 if lang not in CJK else 2.4) for p in it.paras)
            clock += max(1.6, w / wps) + r.random()
            it.end = round(clock - 0.3, 2)
    # chapters stand before a host's turn
    nch = r.choice([0, 0, 3, 4, 5, 7]) if "no_chapters" not in traps else 0
    if {"toc_top", "same_across_chapter", "plain_headings", "cold_open", "part_heading", "solo"} & traps:
        nch = nch or 4
    if nch:
        ok = [
            i
            for i in range(3, len(items) - 2)
            if isinstance(items[i], Turn)
            and items[i].who == 0
            and isinstance(items[i - 1], Turn)
            and items[i - 1].who != 0
            or n == 1
            and i > 1
        ]
        pos = sorted(r.sample(ok, min(nch - 1, len(ok))))
        seen = set()
        for k in reversed([0] + pos):
            h = next(
                (
                    x
                    for x in (v.head() for _ in range(60))
                    if x not in seen and not ("part_heading" in traps and ":" in x)
                ),
                "",
            )
            if not h:  # a short bank: number what is left
                h = v.head().replace(":", ",") + f" {len(seen) + 1}"
            seen.add(h)
            items.insert(k, Chap(h, items[k].time))
        if "same_across_chapter" in traps:
            c = [
                i
                for i, x in enumerate(items)
                if isinstance(x, Chap)
                and i > 0
                and isinstance(items[i - 1], Turn)
                and items[i - 1].who != items[i + 1].who
            ]
            if c:
                i = r.choice(c)
                tm = items[i].time
                items.insert(i, Turn(items[i + 1].who, [Para(v.para(1))], round(tm - 0.9, 2), round(tm - 0.2, 2)))
                items[i - 1].end = min(items[i - 1].end, tm - 1)
        if "cold_open" in traps and n > 1:
            c0 = items[0]
            items.insert(0, Turn(1, [Para(v.para(3))], 0.0, 20.0))
            items.insert(
                0, Chap(r.choice(["Cold open", "Cold Open", "Teaser"]) if lang == "en" else "Teaser", 0.0)
            )
            c0.title = (people[0].first + "'s intro") if lang == "en" else c0.title
            for it in items[2:]:
                if not isinstance(it, Between):
                    it.time = round(it.time + 47, 2)
                    if isinstance(it, Turn):
                        it.end = round(it.end + 47, 2)
        if "part_heading" in traps and lang == "en":
            k = 0
            for it in items:
                if isinstance(it, Chap):
                    k += 1
                    it.title = f"Part {k}: {it.title}"
    if merge_solo:  # one label a section
        out = []
        for it in items:
            if isinstance(it, Turn) and out and isinstance(out[-1], Turn):
                out[-1].paras += it.paras
                out[-1].end = it.end
            else:
                out.append(it)
        items = out
    notes = [v.note(people[0].full)] + ([v.note(people[0].full)] if r.random() < 0.3 else [])
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or f"episode-{r.randint(2, 400)}"
    ep = Ep(
        lang,
        show,
        title,
        v.typo(
            v.fill(
                r.choice(
                    [
                        "How {topic} tamed the {n}, and the nature of the progress to come...",
                        "On the {n}, the {n2}, and the {adj} business of starting over",
                        "Notes from a {adj} conversation",
                        "The {adj} history of the {n}",
                    ]
                )
            )
        )
        if lang == "en"
        else v.sent(),
        date,
        year,
        r.randint(4, 412),
        v.topic,
        people,
        items,
        notes,
        traps,
        f"https://www.{re.sub(r'[^a-z0-9]', '', show.lower()) or 'podcast'}.example/{r.choice(['p', 'episodes', 'podcast'])}/{slug}",
    )
    ep.v = v
    return ep


# ------------------------------------------------------------------ names as labels
class Labels:
    STY = {
        "full": 38,
        "npr": 4,
        "full_then_first": 13,
        "full_then_last": 5,
        "first": 12,
        "caps": 7,
        "caps_then_last": 6,
        "role": 5,
        "speaker_n": 4,
        "qa": 2,
        "initials": 2,
        "mixed": 4,
    }

    def __init__(self, r, ep, force=None):
        self.r, self.ep, self.k = r, ep, {}
        ps, t, n = ep.people, ep.traps, len(ep.people)
        firsts, lasts = [p.first.casefold() for p in ps], [p.last.casefold() for p in ps]
        sty = force or r.choices(list(self.STY), list(self.STY.values()))[0]
        if "variants" in t:
            sty = "mixed"
        if sty == "npr" and ep.lang in CJK | RTL:
            sty = "full"
        if ep.lang in CJK and sty not in ("role", "speaker_n", "qa"):
            sty = "full"
        if ep.lang in RTL and sty in ("caps", "caps_then_last", "initials", "mixed"):
            sty = r.choice(["full", "full_then_first"])
        if "caps_labels" in t and ep.lang not in CJK | RTL:
            sty = "caps_then_first"
        if "shared_first" in t or "titles" in t and sty in ("first",) or len(set(firsts)) < n and "first" in sty:
            sty = "full"
        if sty in ("role", "qa") and (n != 2):
            sty = "full"
        if "roles" in t:
            sty = r.choice(["full_role_first", "full_role_all"])
        if sty == "initials":
            ini = [self.ini(p) for p in ps]
            if len(set(ini)) < n or ep.lang in CJK:
                sty = "full"
        self.sty = sty
        u = ui(ep.lang)
        L = []
        for i, p in enumerate(ps):
            if sty == "role":
                c = (
                    (r.choice([u["host"], "Interviewer"]) if i == 0 else r.choice([u["guest"], "Guest"]))
                    if ep.lang == "en"
                    else (u["host"] if i == 0 else u["guest"])
                )
            elif sty == "qa":
                c = u["q"] if i == 0 else u["a"]
            elif sty == "speaker_n":
                c = f"{u['sp']} {i + 1}" if ep.lang not in CJK else f"{u['sp']}{i + 1}"
            elif sty == "first":
                c = p.first
            elif sty in ("caps", "caps_then_last", "caps_then_first", "npr"):
                c = p.full.upper()
            else:
                c = p.full
            L.append(c)
        if "once" in t and ep.lang == "en" and r.random() < 0.6 and sty != "role":
            L[-1] = r.choice(
                [
                    "Audience member",
                    "Caller",
                    "Announcer",
                    "Narrator",
                    "Unidentified Speaker",
                    "Question from the floor",
                ]
            )
            if "caps" in sty:
                L[-1] = L[-1].upper()
        self.canon = L
        self.aliases = {}
        for c, p in zip(L, ps):
            al = [
                a
                for a in {
                    p.full,
                    re.sub(r"^\S+ ", "", p.full) if p.title else p.full,
                    self.ini(p) if sty == "initials" else p.full,
                }
                if a != c
            ]
            if al and (sty in ("first", "initials") or p.title):
                self.aliases[c] = sorted(al)

    def ini(self, p):
        return "".join(
            w[0] for w in re.split(r"[ \-]", re.sub(r"^(Dr|Prof|Sen|Rev)\. ", "", p.full)) if w[0].isalpha()
        ).upper()

    def __call__(self, i):
        p, r = self.ep.people[i], self.r
        k = self.k[i] = self.k.get(i, 0) + 1
        c, s = self.canon[i], self.sty
        if c.casefold() not in (p.full.casefold(), p.first.casefold()):
            return c
        if s == "initials":
            c = p.full if k == 1 else self.ini(p)
        elif s == "full_then_first" and k > 1:
            c = p.first
        elif s == "full_then_last" and k > 1:
            c = p.last
        elif s == "npr" and k == 1:
            c = p.full.upper() + (
                ", " + ("HOST" if i == 0 else r.choice(["BYLINE", "GUEST"]))
                if p.role != "guest" or r.random() < 0.3
                else ""
            )
        elif s in ("caps_then_last", "npr") and k > 1:
            c = p.last.upper()
        elif s == "caps_then_first" and k > 1:
            c = p.first.upper()
        elif s == "mixed" and k > 1:
            c = r.choice([p.full, p.first, p.full.upper(), p.full])
        elif s == "full_role_all" or s == "full_role_first" and k == 1:
            f = getattr(self, "rf", None) or r.choice(
                ["{} ({})", "{}, {}", "{} [{}]"] if s == "full_role_first" else ["{} ({})"]
            )
            self.rf = f
            c = f.format(p.full, p.tag if self.ep.lang not in CJK else p.tag)
        if "nbsp_label" in self.ep.traps and r.random() < 0.5:
            c = c.replace(" ", "\u00a0") + r.choice(["", "\u200b", "\u00a0"])
        if "bidi_marks" in self.ep.traps:
            c = "\u200f" + c if r.random() < 0.5 else c + "\u200f"
        return c


def times(r, hours_total, style=None):
    """A time style: function seconds -> (string, value as written)."""
    st = style or r.choices(["hms", "ms_auto", "mmss", "ms3", "hms3"], [45, 30, 12, 6, 7])[0]

    def f(t):
        s = int(t)
        h, m, x = s // 3600, s // 60 % 60, s % 60
        ms = int(round((t - s) * 1000))
        if st == "hms":
            return f"{h:02d}:{m:02d}:{x:02d}", float(s)
        if st == "hms1":
            return f"{h}:{m:02d}:{x:02d}", float(s)
        if st == "hms3":
            return f"{h:02d}:{m:02d}:{x:02d}.{ms:03d}", s + ms / 1000
        if st == "ms3":
            return (f"{m:02d}:{x:02d}.{ms:03d}" if h == 0 else f"{h:02d}:{m:02d}:{x:02d}.{ms:03d}"), s + ms / 1000
        if st == "mmss":
            return f"{s // 60:02d}:{x:02d}", float(s)
        return (f"{m}:{x:02d}" if h == 0 else f"{h}:{m:02d}:{x:02d}"), float(s)

    f.style = st
    return f


# ------------------------------------------------------------------ paragraphs to text
def as_text(p, mode="text", esc=True, bullet="• "):
    t = p.text
    if mode == "text":
        t = re.sub(LN0 + "(.*?)" + LN1 + ".*?" + LN2, r"\1", t).replace(EM0, "").replace(EM1, "")
        t = t.replace(EV0, "").replace(EV1, "")
        if p.kind == "list":
            t = "\n".join(bullet + x for x in t.split("\n"))
    elif mode == "md":
        if esc:
            t = re.sub(EV0 + "(.*?)" + EV1, lambda m: m.group(1).replace("[", "\\[").replace("]", "\\]"), t)
            t = re.sub(r"(?<!\\)\[(very|Editor.*?)(?<!\\)\]", r"\\[\1\\]", t)
        t = re.sub(LN0 + "(.*?)" + LN1 + "(.*?)" + LN2, r"[\1](\2)", t).replace(EM0, "*").replace(EM1, "*")
        t = t.replace(EV0, "").replace(EV1, "")
        if p.kind == "list":
            t = "\n".join("- " + x for x in t.split("\n"))
        if p.kind == "quote":
            t = "> " + t
    else:
        t = html.escape(t, quote=False)
        t = (
            re.sub(LN0 + "(.*?)" + LN1 + "(.*?)" + LN2, r'<a href="\2" target="_blank" rel="noopener">\1</a>', t)
            .replace(EM0, "<em>")
            .replace(EM1, "</em>")
        )
        t = t.replace(EV0, "").replace(EV1, "")
        if p.kind == "list":
            t = "<ul>" + "".join(f"<li>{x}</li>" for x in t.split("\n")) + "</ul>"
    return t.strip()


def truth_of(ep, canon, timef=None, unit="turn"):
    """Merge same-speaker turns with nothing between; collect chapters and editorial notes."""
    out, prev, opt = [], None, []
    for it in ep.items:
        if isinstance(it, Turn):
            txt = "\n".join(x for x in (truth_text(p.text) for p in it.paras if p.kind != "note") if x)
            opt += [truth_text(p.text) for p in it.paras if p.kind == "note"]
            who = canon[it.who] if canon else None
            if prev is not None and prev == it.who and canon:
                out[-1] = (out[-1][0], out[-1][1] + "\n" + txt, out[-1][2])
            else:
                out.append((who, txt, timef(it.time)[1] if timef else None))
            prev = it.who
        elif isinstance(it, Chap):
            prev = None
    return out, opt


# ------------------------------------------------------------------ text chrome: what stands before and after
def chapter_line(ep, c, sty, tf):
    t = tf(c.time)[0]
    return {
        "paren_dash": f"({t}) - {c.title}",
        "bracket_end": f"{c.title} [{t}]",
        "paren_end": f"{c.title} ({t})",
        "time_first": f"{t} {r_dash(ep)} {c.title}",
        "md": f"## {c.title}",
        "md_time": f"## {c.title} [{t}]",
        "plain": c.title,
        "underlined": c.title + "\n" + "-" * max(4, len(c.title)),
        "caps": c.title.upper(),
        "bracketed": f"[{t}] {c.title}",
    }[sty]


def r_dash(ep):
    return "-" if ep.num % 2 else "–"


def header(r, ep, prof, chaps, ch_sty, ctf, labelled=True):
    """Lines before the transcript by publisher profile. Ends so that the transcript's begin is unmistakable."""
    u, B = ui(ep.lang), []
    host, guest = ep.people[0].full, ep.people[1].full if len(ep.people) > 1 else ""
    toc = "toc_top" in ep.traps and chaps
    if prof == "bare":
        if r.random() < 0.4:
            B.append(ep.title)
        if r.random() < 0.3:
            B.append(u["tr"])
    elif prof == "substack":
        B += [
            "Playback speed\n×\n"
            + u["share"]
            + " post\n"
            + u["share"]
            + " post at current time\n0:00\n/\n0:00\n"
            + u["tr"]
            + "\n"
            + str(r.randint(1, 40)),
            ep.title,
            ep.subtitle + f"\n{r.randint(1, 40)}",
        ]
        B += [f"{host}\n{ep.date}"] if r.random() < 0.5 else []
        B += ep.notes[:1] + [u["li"]]
        if toc:
            B += [r.choice(["Timestamps", u["ch"]])] + [chapter_line(ep, c, r_sty(ch_sty), ctf) for c in chaps]
        if ep.lang == "en":
            B += (
                [
                    "Sponsors",
                    "  • CommandHarbor is a user assistant that any team can embed. Learn more at harbor.example.",
                    "If you’re interested in advertising on the podcast, fill out this form.",
                ]
                if r.random() < 0.5
                else []
            )
        B += [u["tr"]]
        if r.random() < 0.5 and ep.lang == "en":
            B += [r.choice(CREDITS).format(a="Graham Tull", b="Tia Kimani")]
    elif prof == "blog":
        B += (
            [ep.title, f"{ep.date} | {ep.show}"]
            if r.random() < 0.5
            else [f"{ep.show} #{ep.num}", ep.title, f"By {host} · {ep.date} · {r.randint(20, 130)} min"]
        )
        B += ep.notes
        if toc:
            B += [u["ch"] + ":"] + [chapter_line(ep, c, r_sty(ch_sty), ctf) for c in chaps]
        B += (
            ["Links mentioned:", "- The Salt Road (book)", "- https://example.org/notes"]
            if ep.lang == "en" and r.random() < 0.5
            else []
        )
        B += [
            r.choice(
                [
                    u["tr"],
                    u["tr"].upper(),
                    "Full " + u["tr"].lower() if ep.lang == "en" else u["tr"],
                    u["tr"] + ":",
                ]
            )
        ]
    elif prof == "meta":  # Host: / Guest: / Date: lines that look like labels
        en = ep.lang == "en"
        B += [
            "\n".join(
                [
                    f"{'Podcast' if en else 'Podcast'}: {ep.show}",
                    (f"Episode: {ep.title}" if en else ep.title),
                    f"{u['host']}: {host}",
                ]
                + ([f"{u['guest']}: {guest}"] if guest else [])
                + (
                    [
                        f"Date: {ep.date}",
                        f"Duration: {r.randint(20, 90)}:{r.randint(10, 59)}",
                        "Music: Calder & Sons",
                    ]
                    if en
                    else []
                )
            )
        ]
        B += [u["tr"]]
    elif prof == "radio":
        B += [
            ep.show.upper(),
            ep.title,
            f"{ep.date}{r.choice(['5:07 AM ET', ' · Heard on the morning programme', ''])}"
            if ep.lang == "en"
            else ep.date,
            u["tr"],
        ]
        if ep.lang == "en" and r.random() < 0.6:
            B += [CREDITS[4]]
    elif prof == "auto":
        B += [f"{ep.show} - {ep.title}.mp3" if r.random() < 0.5 else ep.title, u["dis"]]
        if r.random() < 0.5 and labelled and ep.lang == "en":
            B += [
                "SUMMARY KEYWORDS",
                ", ".join(TOPICS[ep.topic][1]),
                "SPEAKERS",
                ", ".join(p.full for p in ep.people),
                "TRANSCRIPT",
            ]
        else:
            B += [u["tr"]]
    elif prof == "80k":
        B += [u["tr"]]
    return B


def r_sty(sty):
    return sty if sty in ("paren_dash", "bracket_end", "paren_end", "time_first", "bracketed") else "time_first"


def footer(r, ep, prof):
    u, en = ui(ep.lang), ep.lang == "en"
    B = []
    if prof == "substack":
        B = (
            [f"{r.randint(2, 99)} {u['com']}"]
            if r.random() < 0.6
            else [f"{u['sub']}", u["share"], f"© {ep.year} {ep.show}"]
        )
    elif prof == "blog":
        B = [r.choice(["* * *", "—", "END", "[End of transcript]"])] if en and r.random() < 0.4 else []
        B += [
            f"{u['rel']}",
            f"#{ep.num - 1}: {r.choice(OTHERS)} on everything" if en else X[ep.lang]["h"][1],
            u["sub"] if not en else f"Subscribe to {ep.show} on Apple Podcasts, Spotify, or via RSS.",
            f"© {ep.year} {ep.show}. {u['cr']}",
        ]
    elif prof == "radio" and en:
        B = [
            f"Copyright © {ep.year} {ep.show}. All rights reserved. Visit our website terms of use and permissions pages for further information.",
            "Transcripts are created on a rush deadline by a contractor. This text may not be in its final form and may be updated or revised in the future.",
        ]
    elif prof == "auto":
        B = (
            [
                r.choice(
                    [
                        "Transcribed by https://otter.ai",
                        "Transcript created with Harbor Scribe",
                        "[END OF TRANSCRIPT]",
                        "Transcribed by https://otter.ai",
                    ]
                )
            ]
            if en
            else [f"© {ep.year} {ep.show}"]
        )
    elif prof == "meta" and r.random() < 0.5:
        B = [f"© {ep.year} {ep.show}. {u['cr']}"]
    if "comments" in ep.traps and en:
        B = [
            f"{r.randint(2, 40)} Comments",
            "Jane D.\n2 days ago\nGreat episode! Loved the part about the numbers.\nReply",
            "Benny Goodwin\nMar 3\nCould you do one on lighthouses next?\nLike (4)\nReply",
        ]
    return B


PROFS = {"bare": 22, "substack": 18, "blog": 24, "meta": 9, "radio": 9, "auto": 9, "80k": 9}


def pick(r, d):
    return r.choices(list(d), list(d.values()))[0]


def finish(r, text, traps, lang):
    """Line ends and encoding."""
    enc = "utf-8"
    if "encoding" in traps:
        enc = r.choice(["utf-8-sig", "utf-16", "cp1252", "utf-8-crlf", "utf-16-le-bom"])
        if enc == "cp1252":
            try:
                text.encode("cp1252")
            except UnicodeEncodeError:
                enc = "utf-16"
    if enc == "utf-8-crlf" or enc in ("utf-8-sig", "cp1252") and r.random() < 0.4:
        text = text.replace("\n", "\r\n")
    data = (
        b"\xff\xfe" + text.encode("utf-16-le") if enc == "utf-16-le-bom" else text.encode(enc.replace("-crlf", ""))
    )
    return data, enc


LANGS = {"en": 78, "de": 5, "fr": 3, "es": 3, "pt": 2, "ja": 2, "zh": 2, "ar": 1.5, "he": 1.5, "ru": 2}


def doc(shape, sub, ep, lab, text, turns, chaps, enc=None, data=None, **kw):
    canon = set(lab.canon[i] for i in {t.who for t in ep.items if isinstance(t, Turn)}) if lab else set()
    tr = sorted(ep.traps - {"no_chapters", ""})
    name = (
        f"{shape}/{sub}"
        + (f"/{ep.lang}" if ep.lang != "en" else "")
        + (f"/names:{lab.sty}" if lab else "")
        + (" +" + "+".join(tr) if tr else "")
    )
    return Doc(
        name,
        shape,
        data,
        turns,
        canon,
        chaps,
        lang=ep.lang,
        encoding=enc or "utf-8",
        traps=tr,
        aliases={k: v for k, v in (lab.aliases if lab else {}).items() if k in canon},
        meta=dict(title=ep.title, show=ep.show) | kw.pop("meta", {}),
        **kw,
    )


COMMON = [
    "same_twice",
    "label_each_para",
    "once",
    "colon_para",
    "quote_block",
    "long_intro",
    "list_para",
    "title_start",
    "clock_start",
    "url_para",
    "name_addressed",
    "editor_note",
    "event_between",
    "variants",
    "shared_first",
    "nbsp_label",
    "roles",
    "titles",
    "caps_labels",
    "encoding",
]
TRAPS = {
    "post": COMMON
    + [
        "same_across_chapter",
        "toc_top",
        "toc_top",
        "comments",
        "cold_open",
        "plain_headings",
        "part_heading",
        "solo",
    ],
    "labelled": COMMON
    + [
        "same_across_chapter",
        "toc_top",
        "comments",
        "cold_open",
        "plain_headings",
        "part_heading",
        "hardwrap",
        "hardwrap",
        "highlights",
        "bare_times",
        "inline_stamps",
        "solo",
    ],
    "stamped": [t for t in COMMON if t not in ("list_para",)]
    + ["stamp_only_cont", "stamp_only_cont", "long_hours", "toc_top"],
    "blocks": COMMON + ["stamp_only_cont", "long_hours", "hardwrap", "toc_top"],
    "markdown": COMMON + ["same_across_chapter", "toc_top", "cold_open", "front_matter", "image_lines"],
    "timed": ["colon_para", "title_start", "encoding", "long_hours", "event_lines", "cont_line"],
    "scraped": ["labelled_body", "quote_para", "encoding", "colon_para", "no_summary_link", "youtu_full"],
    "captions": ["music_lines", "markers", "auto_nopunct", "encoding", "no_kind"],
    "summary": ["encoding", "bullets", "quotes_in", "numbered"],
    "webpage": COMMON[:-1]
    + [
        "same_across_chapter",
        "toc_top",
        "cold_open",
        "highlights",
        "entities",
        "script_state",
        "hidden_dup_nav",
        "solo",
        "comments",
        "cp1252_page",
    ],
    "vtt": ["notes", "multi_voice", "style_region", "crlf", "ids", "colon_para"],
    "srt": ["bom", "crlf", "carry", "tags", "colon_para"],
    "podcast_json": ["words", "carry", "extra_keys"],
    "podcast_html": ["carry", "full_page", "long_hours"],
}


def draw(r, shape, lang=None):
    k = 0 if r.random() < 0.7 else r.choice([1, 1, 2])
    t = set(r.sample(TRAPS[shape], min(k, len(TRAPS[shape]))))
    if "solo" in t:
        t -= {
            "same_twice",
            "label_each_para",
            "name_addressed",
            "once",
            "variants",
            "shared_first",
            "same_across_chapter",
            "cold_open",
            "event_between",
        }
    if {"shared_first", "titles"} & t:
        t -= {"variants", "caps_labels", "once", "roles"}
    if "variants" in t:
        t -= {"caps_labels", "roles", "once", "nbsp_label"}
    if "roles" in t:
        t -= {"caps_labels"}
    if "cold_open" in t:
        t -= {"same_across_chapter", "part_heading"}
    lang = lang or pick(r, LANGS)
    if lang != "en":
        t -= {
            "title_start",
            "clock_start",
            "editor_note",
            "auto_nopunct",
            "markers",
            "cont_line" if lang in CJK else "",
            "shared_first",
            "titles",
            "comments",
            "caps_labels",
            "part_heading",
            "plain_headings",
            "nbsp_label" if lang in CJK else "",
        }
        if lang in CJK:
            t -= {"variants", "hardwrap", "roles", "name_addressed", "bidi_marks"}
    if lang in RTL and r.random() < 0.4:
        t.add("bidi_marks")
    if lang in RTL:
        t -= {"variants"}
    return t, lang


# ------------------------------------------------------------------ text shapes
def wrap(block, width=72):
    return "\n".join(
        "\n".join(textwrap.wrap(l, width, break_long_words=False, break_on_hyphens=False))
        if not l.startswith(("• ", "- ", "* "))
        else l
        for l in block.split("\n")
    )


def plain_titles(ep):
    seen = set()
    for c in ep.items:
        if isinstance(c, Chap):
            k = 0
            while c.title[:4] != "Part" and (c.title[-1] in "?？" or ":" in c.title or c.title in seen):
                c.title, k = (
                    (ep.v.head(), k + 1)
                    if k < 40
                    else (c.title.rstrip("?？").replace(":", " –") + f" ({len(seen)})", 0)
                )
            seen.add(c.title)


def ch_style(r, ep, opts):
    if "plain_headings" in ep.traps:
        plain_titles(ep)
        return "plain"
    if "part_heading" in ep.traps:
        return r.choice(["plain", "bracket_end", "paren_end"])
    s = r.choice(opts)
    if s in ("plain", "caps") and "toc_top" not in ep.traps:
        plain_titles(ep)
    return s


def chap_truth(ep, sty, ctf):
    timed = (
        sty in ("paren_dash", "bracket_end", "paren_end", "time_first", "md_time", "bracketed")
        or "toc_top" in ep.traps
    )
    return [
        (c.title.upper() if sty == "caps" else c.title, ctf(c.time)[1] if timed else None)
        for c in ep.items
        if isinstance(c, Chap)
    ]


def body_blocks(r, ep, lab, layout, ch_sty, ctf, tf=None, lab_colon=": ", extra=None):
    """Blocks (joined later by blank lines) of a text transcript in a layout."""
    B, prev_who = [], None
    x = extra or {}
    for it in ep.items:
        if isinstance(it, Chap):
            B.append(chapter_line(ep, it, ch_sty, ctf))
            prev_who = None
            continue
        if isinstance(it, Between):
            B.append(it.text)
            continue
        L = lab(it.who)
        was, prev_who = prev_who, it.who
        ps = [as_text(p, bullet=x.get("bullet", "• ")) for p in it.paras]
        if "inline_stamps" in ep.traps and tf is None and len(ps) > 1 and r.random() < 0.4:
            ps[1] = f"[{times(r, 0, 'hms')(it.time + 9)[0]}] " + ps[1]
        tm = tf(it.time)[0] if tf else ""
        if layout == "post":
            B += [x.get("pre", "") + L + x.get("suf", "")] + ps
        elif layout == "post_tight":
            B += [L + x.get("suf", "") + "\n" + "\n".join(ps)]
        elif layout == "labelled":
            if "bare_times" in ep.traps and it.who == 0 and was not in (None, 0) and r.random() < 0.3:
                B.append(ctf(it.time)[0])
            B += [L + lab_colon + ps[0]] + ps[1:]
        elif layout == "stamped":
            f = x["fmt"]
            e = x["etf"](it.end)[0] if "etf" in x else ""
            rest = ps[1:]
            if "stamp_only_cont" in ep.traps:
                step = (it.end - it.time) / (len(ps) or 1)
                rest = [x["cont"].format(t=tf(it.time + step * (j + 1))[0]) + p for j, p in enumerate(rest)]
            B += [f.format(t=tm, e=e, n=L) + ps[0]] + rest
        elif layout == "blocks":
            rest = ps
            if "stamp_only_cont" in ep.traps and x["fmt"].find("\n") > 0:
                step = (it.end - it.time) / (len(ps) or 1)
                rest = ps[:1] + [f"({tf(it.time + step * (j + 1))[0]})" + "\n" + p for j, p in enumerate(ps[1:])]
            B += [x["fmt"].format(t=tm, n=L) + ("" if x["fmt"].endswith(("] ", ") ")) else "\n") + rest[0]] + rest[
                1:
            ]
    return B


def text_doc(r, shape):
    traps, lang = draw(r, shape)
    ep = make_episode(r, traps, lang)
    sub, tf, unit = "", None, "turn"
    ctf = times(r, 0, r.choice(["hms", "hms", "ms_auto"]))
    chaps = [c for c in ep.items if isinstance(c, Chap)]
    prof = pick(r, PROFS)
    if "toc_top" in traps and prof not in ("substack", "blog"):
        prof = r.choice(["substack", "blog"])
    if "comments" in traps:
        prof = "substack"
    lab = Labels(r, ep, None if shape != "post" else r.choices([None, "full"], [3, 4])[0])
    if shape == "post" and lab.sty in ("qa",):
        lab = Labels(r, ep, "full")
    if (
        shape in ("stamped", "blocks")
        and r.random() < 0.15
        and not traps & {"variants", "roles", "caps_labels", "shared_first", "titles"}
    ):
        lab = Labels(r, ep, "speaker_n")
        if shape == "stamped" and r.random() < 0.5 and "once" not in traps:
            lab.canon = [f"SPEAKER_{i:02d}" for i in range(len(ep.people))]
    extra = {"bullet": r.choice(["• ", "- ", "* "])}
    colon = ": "
    if lang == "fr" and r.random() < 0.6:
        colon = r.choice([" : ", "\u00a0: "])
    if lang in CJK:
        colon = r.choice(["：", "：", ": "])
    if shape == "post":
        sub = r.choices(["post", "post_tight"], [3, 1])[0]
        ch_sty = ch_style(
            r,
            ep,
            ["paren_dash", "paren_dash", "paren_end", "bracket_end", "time_first", "md", "underlined"]
            + (["plain"] if "toc_top" in traps else []),
        )
        extra["suf"] = (
            r.choices(["", "", ":", " ", "  "], [8, 4, 4, 1, 1])[0] if lang not in CJK else r.choice(["", "："])
        )
        if lab.sty in ("role", "speaker_n") and prof != "bare" and r.random() < 0.5:
            extra["suf"] = ":"
        if lab.sty == "first" and extra["suf"] == "" and prof == "bare":
            extra["suf"] = ":"
        layout = sub
        if extra["suf"] == ":":
            sub += "_colon"
    elif shape == "labelled":
        layout = "labelled"
        ch_sty = ch_style(
            r,
            ep,
            [
                "bracket_end",
                "bracket_end",
                "paren_end",
                "paren_dash",
                "plain",
                "md",
                "caps" if lang not in CJK | RTL else "md",
                "underlined",
                "time_first",
            ],
        )
        if r.random() < 0.05 and lang not in CJK:
            colon = r.choice([":  ", ":\t"])
    elif shape == "stamped":
        layout = "stamped"
        tf = times(r, 0)
        f = r.choice(
            [
                "[{t}] {n}: ",
                "[{t}] {n}: ",
                "[{t}] {n}: ",
                "{t} {n}: ",
                "({t}) {n}: ",
                "[{t}] {n}: ",
                "[{t} --> {e}] {n}: ",
                "{n} [{t}]: ",
                "[{t}] {n}: ",
            ]
        )
        if traps & {"stamp_only_cont"} and not f.startswith("["):
            f = "[{t}] {n}: "
        if "clock_start" in traps:
            f = "[{t}] {n}: "
        if "-->" in f:
            extra["etf"] = tf
        extra["fmt"], extra["cont"] = f.replace(": ", colon if lang in CJK | {"fr"} else ": "), "[{t}] "
        sub = f.strip() + "/" + tf.style
        ch_sty = ch_style(r, ep, ["md", "plain", "underlined"] + (["bracket_end"] if f.startswith("[") else []))
        ctf = times(r, 0, "hms") if tf.style != "ms_auto" else times(r, 0, "ms_auto")
    else:
        layout = "blocks"
        f = r.choice(
            [
                "{n} ({t}):",
                "{n} ({t}):",
                "{n} ({t}):",
                "{n} ({t})",
                "{n}  {t}",
                "{n} [{t}]",
                "[{t}] - {n}",
                "{n}\n({t})",
                "{n} | {t}",
                "{n}:\n[{t}] ",
                "{n} ({t}) ",
                "{n} ({t}):",
                "{n}  {t}  ",
                "{t}  {n}",
            ]
        )
        if "stamp_only_cont" in traps:
            f = "{n}\n({t})"
        tf = times(r, 0, r.choice(["hms", "hms", "ms_auto", "mmss"]) if f not in ("[{t}] - {n}",) else "hms3")
        if f == "{n} ({t})" and r.random() < 0.3:
            tf = times(r, 0, "ms3")
        if f in ("{n}  {t}", "{t}  {n}", "{n}  {t}  "):
            tf = times(r, 0, r.choice(["ms_auto", "mmss"]))
        extra["fmt"] = f
        sub = f.replace("\n", "\\n") + "/" + tf.style
        ch_sty = ch_style(r, ep, ["md", "plain", "underlined"])
        ctf = times(r, 0, "hms")
    body = body_blocks(r, ep, lab, layout, ch_sty, ctf, tf, colon, extra)
    sep = "\n\n"
    if shape == "labelled" and "hardwrap" not in traps:
        sep = r.choices(["\n\n", "\n", "\n\n\n"], [60, 32, 8])[0]
    elif shape == "post" and layout == "post" and r.random() < 0.12:
        sep = "\n"
    elif shape == "stamped":
        sep = r.choices(["\n\n", "\n"], [55, 45])[0]
    head = header(r, ep, prof, chaps, ch_sty, ctf)
    foot = footer(r, ep, prof)
    if shape == "labelled" and lab.sty == "initials":
        head.append("\n".join(f"{lab.ini(p)} = {p.full}" for p in ep.people)) if r.random() < 0.3 else None
    if "highlights" in traps:
        hs = [it for it in ep.items if isinstance(it, Turn) and len(it.paras[0].text) > 90][:8]
        hs = r.sample(hs, min(3, len(hs)))
        hb = ["Highlights"]
        for h in hs:
            hb += [ep.v.head(), lab.canon[h.who] + colon + as_text(h.paras[0])]
        if head and head[-1].rstrip(":").lower().endswith(ui(lang)["tr"].lower()):
            head = head[:-1]
        head += hb + [ui(lang)["tr"]]
    if "hardwrap" in traps:
        body = [
            wrap(b, r.choice([68, 72, 76]))
            if not re.match(r".*\n-+$", b) and not any(c.title in b and len(b) < len(c.title) + 18 for c in chaps)
            else b
            for b in body
        ]
        if shape == "blocks":
            body = [b for b in body]
    if r.random() < 0.08:
        head.insert(0, ep.show)
    text = sep.join(head + body + foot) + r.choice(["", "\n", "\n\n"])
    if r.random() < 0.06 and sep == "\n\n":
        text = text.replace("\n\n", " \n\n", 40)
    data, enc = finish(r, text, traps, lang)
    turns, opt = truth_of(ep, lab.canon, tf)
    return doc(
        shape,
        f"{sub}/{prof}/ch:{ch_sty if chaps else '-'}",
        ep,
        lab,
        text,
        turns,
        chap_truth(ep, ch_sty, ctf),
        enc,
        data,
        optional=opt,
    )


def markdown_doc(r):
    traps, lang = draw(r, "markdown")
    ep = make_episode(r, traps, lang)
    lab = Labels(r, ep)
    u = ui(lang)
    tf = times(r, 0, r.choice(["hms", "ms_auto", "mmss"]))
    esc = r.random() < 0.75
    br = (lambda t: f"\\[{t}\\]") if esc else (lambda t: f"[{t}]")
    lay = r.choice(
        [
            "**{n}:** {p}",
            "**{n}:** {p}",
            "**{n}**: {p}",
            "**{n}:** {b} {p}",
            "**{n}:** {b} {p}",
            "{b} **{n}:** {p}",
            "**{n}** {b}: {p}",
            "**{n}** {b}\n\n{p}",
            "**{n}**\n\n{p}",
            "### {n}\n\n{p}",
            "__{n}:__ {p}",
            "**{n}** *({t})*\n\n{p}",
            "*{n}:* {p}",
            "- **{n}:** {p}",
        ]
    )
    timed = "{b}" in lay or "{t}" in lay
    if lang in CJK:
        lay = lay.replace(":** ", "：** ").replace("**: ", "**：")
    if "list_para" in traps and lay.startswith("- "):
        lay = "**{n}:** {p}"
    if lay.startswith("- ") and any(len(t.paras) > 1 for t in ep.items if isinstance(t, Turn)):
        lay = lay[2:]
    hl = "## " if not lay.startswith("### ") or True else ""
    csty = r.choice(["md", "md_b", "md_b2"]) if timed else r.choice(["md", "md", "md_b"])
    B, chaps = [], []
    for it in ep.items:
        if isinstance(it, Chap):
            t, val = tf(it.time)
            chaps.append((it.title, None if csty == "md" and "toc_top" not in traps else val))
            B.append(hl + {"md": it.title, "md_b": f"{it.title} {br(t)}", "md_b2": f"{br(t)} {it.title}"}[csty])
        elif isinstance(it, Between):
            B.append("*" + it.text.replace("[", "\\[").replace("]", "\\]") + "*" if esc else it.text)
        else:
            ps = [as_text(p, "md", esc) for p in it.paras]
            t = tf(it.time)[0]
            B.append(lay.format(n=lab(it.who), b=br(t), t=t, p=ps[0]))
            k = 1
            while k < len(ps):  # consecutive quotes joined by ">" line
                B.append(ps[k])
                k += 1
    H = []
    if "front_matter" in traps or r.random() < 0.25:
        H.append(
            "---\ntitle: "
            + json.dumps(ep.title, ensure_ascii=False)
            + f"\ndate: {ep.year}-0{r.randint(1, 9)}-1{r.randint(0, 9)}\nguests:\n"
            + "".join(f"  - {p.full}\n" for p in ep.people[1:])
            + "tags: [podcast, transcript]\n---"
        )
    if r.random() < 0.8:
        H.append("# " + ep.title)
    if "image_lines" in traps or r.random() < 0.12:
        H.append(f"![Cover art](https://img.example.org/{ep.num}.png)")
    if r.random() < 0.5:
        H += [f"[{u['li'].split('.')[0]}]({ep.url}) | [RSS](https://example.org/feed.xml)"]
    if r.random() < 0.5:
        H += ep.notes[:1]
    if "toc_top" in traps and chaps:
        H += [
            "## " + u["ch"],
            "\n".join(f"- {br(tf(c.time)[0])} {c.title}" for c in ep.items if isinstance(c, Chap)),
        ]
    sec = "## " + u["tr"]
    if r.random() < 0.4:
        sec = r.choice(["---\n\n", ""]) + sec
    H.append(sec)
    F = []
    if r.random() < 0.6:
        F = ["---", r.choice([f"*{u['dis']}*", f"© {ep.year} {ep.show}", f"[{u['sub']}]({ep.url})"])]
    text = "\n\n".join(H + B + F) + "\n"
    data, enc = finish(r, text, traps, lang)
    turns, opt = truth_of(ep, lab.canon, tf if timed else None)
    return doc(
        "markdown",
        lay.replace("\n", "\\n") + ("/esc" if esc else "/raw"),
        ep,
        lab,
        text,
        turns,
        chaps,
        enc,
        data,
        optional=opt,
    )


def flat_sentences(ep):
    for it in ep.items:
        if isinstance(it, Turn):
            for p in it.paras:
                if p.kind != "note":
                    for s in re.split(r"(?<=[.!?…。！？؟])(?:\s+|(?<=[。！？]))", truth_text(p.text)):
                        if s:
                            yield it, s


def timed_doc(r):
    traps, lang = draw(r, "timed")
    ep = make_episode(r, traps | {"no_chapters"}, lang, allow=())
    u = ui(lang)
    tf = times(r, 0, r.choice(["hms", "hms", "ms_auto", "mmss", "hms3"]))
    lay = r.choice(
        [
            "{t} {x}",
            "{t} {x}",
            "{t} {x}",
            "[{t}] {x}",
            "({t}) {x}",
            "{t}\t{x}",
            "{t} - {x}",
            "{t} | {x}",
            "({t}):\n{x}",
            "[{t}]\n\n{x}",
            "{t}\n{x}",
        ]
    )
    B, turns, gap = [], [], r.choice(["\n", "\n\n"])
    if "\n" in lay:
        gap = "\n\n" if lay != "{t}\n{x}" else "\n"
    granular = lay == "{t}\n{x}"  # the panel copied from a video site: two lines a cue
    clock = ep.items[0].time if isinstance(ep.items[0], Turn) else 0
    if granular:
        for it in ep.items:
            w = (
                " ".join(truth_text(p.text) for p in it.paras).split()
                if lang not in CJK
                else [truth_text(p.text) for p in it.paras]
            )
            t, step = it.time, (it.end - it.time) / len(w)
            while w:
                k = min(len(w), r.randint(5, 9))
                seg, w = " ".join(w[:k]), w[k:]
                s, val = tf(t)
                B.append(f"{s}\n{seg}")
                turns.append((None, seg, val))
                t += step * k
    else:
        for it in ep.items:
            if isinstance(it, Turn):
                t, n = it.time, len(it.paras)
                for j, p in enumerate(it.paras):
                    s, val = tf(t)
                    x = as_text(p)
                    if (
                        "cont_line" in traps
                        and len(x) > 200
                        and r.random() < 0.3
                        and ". " in x
                        and "\n" not in lay
                        and lang == "en"
                    ):
                        a, b = x.split(". ", 1)
                        x2 = a + ".\n" + b if b and b[0].isalpha() else x
                        B.append(lay.format(t=s, x=x2))
                    else:
                        B.append(lay.format(t=s, x=x))
                    turns.append((None, truth_text(p.text), val))
                    t += (it.end - it.time) / n
                if "event_lines" in traps and r.random() < 0.15:
                    B.append(lay.format(t=tf(it.end)[0], x=r.choice(["[Music]", "[Applause]", "♪♪"])))
    H = []
    if r.random() < 0.5:
        H = (
            [ep.title]
            + ([ep.show] if r.random() < 0.4 else [])
            + ([u["dis"]] if r.random() < 0.4 else [])
            + ([u["tr"]] if r.random() < 0.7 else [])
        )
    text = "\n".join(H) + ("\n\n" if H else "") + gap.join(B) + "\n"
    data, enc = finish(r, text, traps, lang)
    d = doc(
        "timed",
        lay.replace("\n", "\\n").replace("\t", "\\t") + "/" + tf.style,
        ep,
        None,
        text,
        turns,
        [],
        enc,
        data,
        unit="cue" if granular else "line",
        count_exact=not granular,
    )
    return d


def yt(r):
    return "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") for _ in range(11))


def scraped_doc(r):
    traps, lang = draw(r, "scraped", r.choices(["en", None], [4, 1])[0])
    ep = make_episode(r, traps | {"no_chapters"}, lang, allow=())
    vid = yt(r)
    url = (
        f"https://www.youtube.com/watch?v={vid}"
        if "youtu_full" in traps or r.random() < 0.4
        else f"https://youtu.be/{vid}" + r.choice(["", "?si=" + yt(r), "?t=12"])
    )
    if "youtu_full" in traps:
        url += r.choice(["&list=PL12345", "&t=30s", ""])
    if r.random() < 0.12:
        url, vid = ep.url, ""
    lab = None
    if "labelled_body" in traps:
        lab = Labels(r, ep, "full")
    pre = []
    if r.random() < 0.7:
        pre.append(re.sub(r"[^\w ]+", "", ep.title).title())
    chrome = (
        r.choice(["read summary →", "read summary → ", "Home  Explore  Log in\n", "← back to all episodes\n", ""])
        if "no_summary_link" not in traps
        else ""
    )
    hs = r.choice([" ", "\n"])
    ch = r.choice(["CHANNEL", "CHANNEL", "SHOW"]) if False else "CHANNEL"
    head = chrome + f"TITLE: {ep.title}{hs}{ch}: {ep.show}{hs}URL: {url}"
    if "quote_para" in traps:
        ep.items[3].paras.append(Para(ep.v.typo('"' + ep.v.sent().replace('"', "'") + '"')))
    B, turns = [], []
    for it in ep.items:
        if lab:
            B += [lab(it.who) + ": " + as_text(it.paras[0])] + [as_text(p) for p in it.paras[1:]]
        else:
            for p in it.paras:
                B.append(as_text(p))
                turns.append((None, truth_text(p.text), None))
    if lab:
        turns, _ = truth_of(ep, lab.canon)
    sep = r.choice(["\n", "\n", "\n\n"])
    text = "\n".join(pre + [head, "---TRANSCRIPT---"]) + "\n" + sep.join(B) + r.choice(["", "\n"])
    data, enc = finish(r, text, traps, lang)
    return doc(
        "scraped",
        "header" + ("_oneline" if hs == " " else "_lines"),
        ep,
        lab,
        text,
        turns,
        [],
        enc,
        data,
        unit="turn" if lab else "paragraph",
        meta=dict(url=url, youtube_id=vid or None),
    )


def captions_doc(r):
    traps, lang = draw(
        r, "captions", r.choices(["en", "de", "es", "pt", "fr", "ru", "ja"], [70, 6, 6, 4, 6, 4, 4])[0]
    )
    ep = make_episode(r, traps | {"no_chapters"}, lang, allow=(), size=r.randint(20, 70))
    for it in ep.items:  # no brackets of ours in captions
        for p in it.paras:
            p.text = truth_text(p.text)
    L = []
    if r.random() < 0.6:
        L += [
            r.choice(
                [
                    "**Transcript extracted from YouTube video**",
                    "Transcript extracted from YouTube video",
                    "# " + ep.title,
                ]
            ),
            "",
        ]
    if "no_kind" not in traps or not L:
        L += [
            f"Kind: {r.choice(['captions', 'captions', 'subtitles'])}",
            f"Language: {lang}" + r.choice(["", "", "-US"] if lang == "en" else [""]),
        ]
    nb = r.choice([0.5, 0.7, 0])
    turns, cur = [], ""
    width = r.choice([32, 40, 48])
    flow = []
    for it in ep.items:
        txt = ("" if lang in CJK else " ").join(truth_text(p.text).replace("\n", " ") for p in it.paras)
        if "auto_nopunct" in traps and lang == "en":
            txt = re.sub(r"[^\w\s'’%$-]", "", txt.replace("—", " ").replace("…", "")).lower()
            txt = re.sub(r"\s+", " ", txt).strip()
        if "markers" in traps and lang == "en":
            txt = ">> " + txt
        flow.append(txt)
    for f in flow:
        lines = textwrap.wrap(f, width, break_long_words=lang in CJK, break_on_hyphens=False)
        for i, l in enumerate(lines):
            L.append(l + ("&nbsp;" * r.choice([1, 2]) if r.random() < nb else ""))
        if "music_lines" in traps and r.random() < 0.12:
            L.append(r.choice(["[Music]", "[Applause]", "♪", "[Laughter]"]))
    truth = [f[3:] if f.startswith(">> ") else f for f in flow]
    if "auto_nopunct" in traps and lang == "en":
        turns = [(None, " ".join(truth), None)]
    else:
        turns = [
            (None, s, None) for f in truth for s in re.split(r"(?<=[.!?…。！？])\s+|(?<=[。！？])(?=.)", f) if s
        ]
    text = "\n".join(L) + r.choice(["", "\n"])
    if r.random() < 0.1 and nb:
        text = text.replace("&nbsp;", "\u00a0")
    data, enc = finish(r, text, traps, lang)
    return doc("captions", f"w{width}", ep, None, text, turns, [], enc, data, unit="sentence", count_exact=False)


def summary_doc(r):
    traps, lang = draw(r, "summary", "en")
    ep = make_episode(r, traps | {"no_chapters"}, "en", allow=())
    v, g = ep.v, ep.people[1] if len(ep.people) > 1 else ep.people[0]
    secs = []
    while len(secs) < r.randint(5, 10):
        h = re.sub(r"[?]$", "", v.head())
        if h not in secs:
            secs.append(h)

    def rep():
        return v.fill(r.choice(SUM_EN), first=g.first, last=g.last)

    def par(k):
        return v.typo(" ".join(rep() for _ in range(k)))

    L = [ep.title]
    if r.random() < 0.7:
        L += (
            [
                "✨ Podcast Nuggets is now available in the Play Store!",
                "Discover more podcasts, more insights, more features - exclusively in the app.",
                "- 📌 Subscribe to your favorite podcasts.",
                "- 🔔 Get instant notifications when new summaries drop.",
                "- 👉 Download here.",
            ]
            if r.random() < 0.5
            else [
                ep.show,
                ep.date,
                f"{r.randint(3, 9)} min read",
                r.choice(["Listen to episode", "Save", "Share summary"]),
            ]
        )
    kt = r.choice(["Key takeaways", "Key Takeaways", "Takeaways", "TL;DR"])
    b = "• " if "bullets" in traps else ""
    L += [kt] + [(f"{i + 1}. " if "numbered" in traps else b) + par(2) for i in range(r.randint(3, 6))]
    L += ["Table of contents"]
    L += ["• " + " • ".join(secs)] if r.random() < 0.5 else ["• " + s for s in secs]
    for s in secs:
        L += [s] + [par(r.randint(2, 4)) for _ in range(r.choice([1, 1, 2]))]
        if "quotes_in" in traps and r.random() < 0.4:
            L += [v.typo(f'"{v.sent()}" - {g.full}')]
    L += [r.choice(["Get the app", "", f"© {ep.year} Podcast Nuggets"])] if r.random() < 0.4 else []
    text = r.choice(["\n", "\n", "\n\n"]).join(L) + "\n"
    data, enc = finish(r, text, traps, "en")
    return doc("summary", kt, ep, None, text, [], [], enc, data, unit="none", sections=secs)


# ------------------------------------------------------------------ saved pages
def chrome_top(r, ep, site):
    u, e = ui(ep.lang), html.escape
    nav = [u["home"], "Podcast", u["sub"], "About" if ep.lang == "en" else "Info"]
    d = ' dir="rtl"' if ep.lang in RTL else ""
    meta = f'<meta name="viewport" content="width=device-width"><meta property="og:title" content="{e(ep.title)}"><meta property="og:site_name" content="{e(ep.show)}"><link rel="canonical" href="{ep.url}">'
    if r.random() < 0.6:
        meta += (
            '<script type="application/ld+json">'
            + json.dumps(
                {
                    "@context": "https://schema.org",
                    "@type": "PodcastEpisode",
                    "name": ep.title,
                    "partOfSeries": {"name": ep.show},
                    "datePublished": f"{ep.year}-03-04",
                },
                ensure_ascii=r.random() < 0.5,
            )
            + "</script>"
        )
    style = (
        "<style>body{font-family:Georgia,serif;margin:0}.nav li{display:inline}.speaker:after{content:':'}</style>"
    )
    js = "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());</script>"
    if "script_state" in ep.traps:
        js += (
            '<script id="__NEXT_DATA__" type="application/json">'
            + json.dumps(
                {
                    "props": {
                        "pageProps": {
                            "episode": {
                                "title": ep.title,
                                "speaker": ep.people[0].full,
                                "transcript": ep.people[0].full + ": preview of the transcript only",
                            }
                        }
                    }
                }
            )
            + "</script>"
        )
    charset = (
        "windows-1252" if "cp1252_page" in ep.traps and ep.lang in ("en", "de", "fr", "es", "pt") else "utf-8"
    )
    o = f'<!DOCTYPE html>\n<html lang="{ep.lang}"{d}>\n<head><meta charset="{charset}"><title>{e(ep.title)} {r.choice(["|", "-", "—"]) if charset == "utf-8" else "-"} {e(ep.show)}</title>{meta}{style}{js}</head>\n<body class="post-template">\n'
    if site != "old":
        o += (
            f'<a class="skip-link" href="#content">{"Skip to content" if ep.lang == "en" else u["home"]}</a>\n<header class="site-header"><a class="logo" href="/">{e(ep.show)}</a><nav class="nav"><ul>'
            + "".join(f'<li><a href="/{i}">{e(x)}</a></li>' for i, x in enumerate(nav))
            + "</ul></nav></header>\n"
        )
        if r.random() < 0.6:
            o += f'<div id="cookie-banner" class="cookie-consent" role="dialog"><p>{e(u["cookie"])}</p><button>{e(u["ok"])}</button></div>\n'
    else:
        o += (
            '<table width="760" align="center" border="0"><tr><td valign="top" width="140">'
            + "<br>".join(f'<a href="{i}.htm">{e(x)}</a>' for i, x in enumerate(nav))
            + '</td><td valign="top">\n'
        )
    return o, charset


def chrome_end(r, ep, site):
    u, e = ui(ep.lang), html.escape
    rel = [e(f"#{ep.num - k}: {ep.v.head()}") for k in (1, 2, 3)]
    o = ""
    if site != "old":
        o += (
            f'<aside class="related-posts"><h3>{e(u["rel"])}</h3><ul>'
            + "".join(f'<li><a href="/p/{k}">{x}</a></li>' for k, x in enumerate(rel))
            + "</ul></aside>\n"
        )
        if r.random() < 0.6:
            o += f'<section class="newsletter"><h3>{e(u["nl"])}</h3><form action="/subscribe" method="post"><label>Email</label><input type="email" placeholder="you@example.org"><button type="submit">{e(u["sub"])}</button></form></section>\n'
        if "comments" in ep.traps or r.random() < 0.25:
            o += f'<section id="comments" class="comments-area"><h2>2 {e(u["com"])}</h2><ol class="comment-list"><li class="comment"><div class="comment-author">Jane D.</div><p>{"Great episode! Loved the part about the numbers." if ep.lang == "en" else e(ep.v.sent())}</p></li><li class="comment"><div class="comment-author">Benny G.</div><p>{"Could you do one on lighthouses?" if ep.lang == "en" else e(ep.v.sent())}</p></li></ol></section>\n'
        o += f'<footer class="site-footer"><p>&copy; {ep.year} {e(ep.show)}. {e(u["cr"])}</p><ul><li><a href="/privacy">{"Privacy" if ep.lang == "en" else "Info"}</a></li><li><a href="/terms">RSS</a></li></ul></footer>\n<script src="/assets/app.js"></script>'
    else:
        o += f"</td></tr></table>\n<hr><center><font size=1>&copy; {ep.year} {e(ep.show)}. {e(u['cr'])}</font></center>"
    return o + "\n</body>\n</html>\n"


def webpage_doc(r):
    traps, lang = draw(r, "webpage")
    ep = make_episode(r, traps, lang)
    u, e = ui(lang), lambda s: html.escape(s, quote=False)
    site = r.choices(["wordpress", "substack", "squarespace", "static", "old", "react"], [28, 20, 14, 16, 10, 12])[
        0
    ]
    lay = r.choices(
        [
            "p_strong",
            "p_strong_out",
            "p_plain",
            "h_name",
            "p_name",
            "div_cls",
            "dl",
            "table",
            "br",
            "stamp_p",
            "stamp_span",
            "block_p",
            "rev",
            "timed_p",
            "para",
            "pre",
            "p_name_time",
        ],
        [20, 8, 14, 5, 10, 8, 3, 3, 6, 6, 6, 5, 5, 4, 5, 3, 4],
    )[0]
    if lay in ("timed_p", "para"):
        ep = make_episode(
            r,
            traps & {"colon_para", "entities", "script_state", "hidden_dup_nav", "comments", "cp1252_page"}
            | ({"no_chapters"} if lay == "timed_p" else set()),
            lang,
            allow=(),
        )
        traps = ep.traps = ep.traps - {"no_chapters"}
        lab = None
    else:
        lab = Labels(r, ep, "full" if lay in ("h_name", "p_name", "dl", "table") and r.random() < 0.5 else None)
    timed = (
        lay in ("stamp_p", "stamp_span", "block_p", "rev", "timed_p", "table", "p_name_time")
        or lay == "div_cls"
        and r.random() < 0.6
    )
    tf = times(r, 0, r.choice(["hms", "ms_auto", "mmss", "hms"]))
    ctf = times(r, 0, r.choice(["hms", "ms_auto"]))
    H = r.choice(["h2", "h3", "h3"])
    csty = r.choice(["plain", "bracket_end", "paren_end", "paren_dash"]) if lay not in ("timed_p",) else "plain"
    hstrong = csty == "paren_dash" and r.random() < 0.5
    colon = ":" if lang not in CJK else "："
    out, chaps, turns, opt, nh = [], [], [], [], 0

    def pp(p, cls=""):
        t = as_text(p, "html")
        return (
            t
            if p.kind == "list"
            else f"<blockquote><p>{t}</p></blockquote>"
            if p.kind == "quote"
            else f"<p{cls}>{t}</p>"
        )

    for it in ep.items:
        if isinstance(it, Chap):
            line = e(chapter_line(ep, it, csty, ctf))
            if lay == "dl":
                out.append(f"</dl><{H}>{line}</{H}><dl>")
            elif lay == "table":
                out.append(f'</table><{H}>{line}</{H}><table class="transcript">')
            elif lay == "pre":
                out.append("\n" + line + "\n")
            elif hstrong:
                out.append(f"<p><strong>{line}</strong></p>")
            else:
                nh += 1
                out.append(f'<{H} id="s{nh - 1}">{line}</{H}>')
            continue
        if isinstance(it, Between):
            out.append(
                {
                    "pre": it.text + "\n",
                    "dl": f"</dl><p><em>{it.text}</em></p><dl>",
                    "table": f'<tr><td colspan="3"><em>{it.text}</em></td></tr>',
                }.get(lay, f"<p><em>{it.text}</em></p>" if lay != "br" else it.text + "<br><br>")
            )
            continue
        n = e(lab(it.who)) if lab else ""
        t, val = tf(it.time)
        P = it.paras
        first, rest = as_text(P[0], "html"), [pp(p) for p in P[1:]]
        if lay == "p_strong":
            out += [f"<p><strong>{n}{colon}</strong> {first}</p>"] + rest
        elif lay == "p_strong_out":
            out += [f"<p><b>{n}</b>{colon} {first}</p>"] + rest
        elif lay == "p_plain":
            out += [f"<p>{n}{colon} {first}</p>"] + rest
        elif lay == "h_name":
            out += [f"<h4>{n}</h4>"] + [pp(p) for p in P]
        elif lay == "p_name":
            out += [f"<p><strong>{n}</strong></p>"] + [pp(p) for p in P]
        elif lay == "p_name_time":
            out += [f'<p><strong>{n}</strong> <a href="{ep.url}?t={int(it.time)}">({t})</a></p>'] + [
                pp(p) for p in P
            ]
        elif lay == "div_cls":
            out.append(
                f'<div class="segment"><div class="speaker-name">{n}</div>'
                + (f'<div class="timestamp">{t}</div>' if timed else "")
                + '<div class="segment-text">'
                + "".join(pp(p) for p in P)
                + "</div></div>"
            )
        elif lay == "dl":
            out.append(f"<dt>{n}</dt><dd>" + (first if len(P) == 1 else "".join(pp(p) for p in P)) + "</dd>")
        elif lay == "table":
            out.append(
                f"<tr><td>{t}</td><td>{n}</td><td>" + "<br>".join(as_text(p, "html") for p in P) + "</td></tr>"
            )
        elif lay == "br":
            out.append(
                "<br><br>".join([f"<strong>{n}{colon}</strong> {first}"] + [as_text(p, "html") for p in P[1:]])
                + "<br><br>"
            )
        elif lay == "stamp_p":
            out += [f"<p>[{t}] {n}{colon} {first}</p>"] + rest
        elif lay == "stamp_span":
            out += [f'<p><span class="ts">{t}</span> <strong>{n}{colon}</strong> {first}</p>'] + rest
        elif lay == "block_p":
            out += [f"<p><strong>{n}</strong> ({t})<br>{first}</p>"] + rest
        elif lay == "rev":
            out += [f'<p>{n} (<a href="#t{int(it.time)}">{t}</a>):<br/>\n{first}</p>'] + rest
        elif lay == "timed_p":
            step = (it.end - it.time) / len(P)
            for j, p in enumerate(P):
                s, val = tf(it.time + j * step)
                out.append(f'<p><a class="time" href="?t={int(val)}">{s}</a> {as_text(p, "html")}</p>')
                turns.append((None, truth_text(p.text), val))
        elif lay == "para":
            out += [pp(p) for p in P]
            turns += [(None, truth_text(p.text), None) for p in P]
        elif lay == "pre":
            out.append("\n\n".join([f"{n}{colon} {e(as_text(P[0]))}"] + [e(as_text(p)) for p in P[1:]]) + "\n")
    chaps = chap_truth(ep, csty, ctf)
    if lab:
        turns, opt = truth_of(ep, lab.canon, tf if timed else None)
    nl = "\n" if r.random() < 0.8 or lay == "pre" else ""
    body = nl.join(out)
    body = {
        "dl": f'<dl class="transcript">{body}</dl>',
        "table": f'<table class="transcript"><tr><th>Time</th><th>Speaker</th><th>Text</th></tr>{body}</table>'
        if ep.items and not isinstance(ep.items[0], Chap)
        else f'<table class="transcript">{body}</table>',
        "pre": f"<pre>{body}</pre>",
        "br": f"<div>{body}</div>",
    }.get(lay, body)
    body = (
        body.replace("<dl></dl>", "")
        .replace('<dl class="transcript"></dl>', "")
        .replace('<table class="transcript"></table>', "")
    )
    top, charset = chrome_top(r, ep, site)
    host = ep.people[0].full
    art = [f'<h1 class="entry-title">{e(ep.title)}</h1>']
    if r.random() < 0.5:
        art.append(
            f'<h3 class="subtitle">{e(ep.subtitle)}</h3>'
            if site == "substack"
            else f'<p class="subtitle">{e(ep.subtitle)}</p>'
        )
    art.append(
        f'<div class="byline post-meta"><span class="author">{e(host)}</span> <time datetime="{ep.year}-03-04">{e(ep.date)}</time></div>'
    )
    if r.random() < 0.7:
        art.append(
            f'<div class="audio-player"><button>▶</button><span class="elapsed">0:00</span> / <span class="total">{r.randint(20, 99)}:{r.randint(10, 59)}</span><div class="speed">1x</div><a href="/audio/{ep.num}.mp3" download>Download</a></div>'
            if charset == "utf-8"
            else f'<audio controls src="/audio/{ep.num}.mp3"></audio>'
        )
    if r.random() < 0.6:
        art.append(
            f'<div class="share-buttons"><a href="#">{e(u["share"])}</a><a href="#">Twitter</a><a href="#">Facebook</a></div>'
        )
    if r.random() < 0.15:
        art.append(
            f'<div class="tabs" role="tablist"><button role="tab">Show Notes</button><button role="tab">{e(u["tr"])}</button></div>'
        )
    if r.random() < 0.75:
        art += [f"<p>{e(x)}</p>" for x in ep.notes]
        art.append(f"<p>{e(u['li'])}</p>")
        if r.random() < 0.4 and lang == "en":
            art.append(
                "<h3>Links</h3><ul><li><a href='https://example.org/1'>The Salt Road</a></li><li><a href='https://example.org/2'>Harbor Institute: annual report</a></li></ul>"
            )
    cl = [c for c in ep.items if isinstance(c, Chap)]
    if "toc_top" in traps and cl:
        art.append(
            f'<h3>{e(u["ch"])}</h3><ul class="toc">'
            + "".join(
                f'<li><a href="#s{k}">{e(chapter_line(ep, c, csty if csty != "plain" else "time_first", ctf))}</a></li>'
                for k, c in enumerate(cl)
            )
            + "</ul>"
        )
    if "highlights" in traps and lab:
        hs = [it for it in ep.items if isinstance(it, Turn) and len(it.paras[0].text) > 90][:6]
        art.append(
            '<h2 id="highlights">Highlights</h2>'
            + "".join(
                f"<h3>{e(ep.v.head())}</h3><p><strong>{e(lab.canon[h.who])}:</strong> {as_text(h.paras[0], 'html')}</p>"
                for h in hs[:3]
            )
        )
    trh = r.choice(
        [
            u["tr"],
            u["tr"],
            ("Full transcript" if lang == "en" else u["tr"]),
            ("Episode Transcript" if lang == "en" else u["tr"]),
        ]
    )
    cred = f"<p><em>{e(u['dis'])}</em></p>" if r.random() < 0.3 else ""
    wrapk = r.choice(["h2", "h2", "details", "div"])
    T = (
        f'<details class="transcript-toggle"><summary>{e(trh)}</summary>{cred}{body}</details>'
        if wrapk == "details"
        else f'<h2 id="transcript">{e(trh)}</h2>\n{cred}\n<div class="transcript-content">{body}</div>'
        if wrapk == "div"
        else f"<h2>{e(trh)}</h2>\n{cred}\n{body}"
    )
    tag = {
        "wordpress": '<main id="content"><article class="post hentry"><div class="entry-content">',
        "substack": '<div class="single-post"><article class="post"><div class="available-content"><div class="body markup">',
        "squarespace": '<div class="sqs-block html-block"><div class="sqs-block-content">',
        "static": '<main id="content">',
        "old": "",
        "react": '<div id="__next"><div class="css-1q2w3e"><div class="sc-bdVaJa kZ">',
    }[site]
    end = {
        "wordpress": "</div></article></main>",
        "substack": "</div></div></article></div>",
        "squarespace": "</div></div>",
        "static": "</main>",
        "old": "",
        "react": "</div></div></div>",
    }[site]
    page = (
        top
        + tag
        + "\n".join(art)
        + "\n"
        + T
        + (f'\n<div class="post-footer"><a class="button">{e(u["share"])}</a></div>' if r.random() < 0.3 else "")
        + end
        + "\n"
        + chrome_end(r, ep, site)
    )
    if "hidden_dup_nav" in traps:
        page = page.replace(
            "</header>",
            f'</header><div class="mobile-menu" hidden><ul><li>{e(u["home"])}</li><li>{e(host)}</li></ul></div>',
            1,
        )
    if "entities" in traps:
        for a, b in (
            ("’", "&rsquo;"),
            ("“", "&ldquo;"),
            ("”", "&rdquo;"),
            ("—", "&mdash;"),
            ("…", "&hellip;"),
            ("é", "&eacute;"),
            ("ü", "&#252;"),
        ):
            head_, sep_, rest_ = page.partition("<body")
            page = head_ + sep_ + rest_.replace(a, b) if "application/json" not in rest_ else page
        if lay in ("p_strong", "p_plain"):
            page = page.replace(f"{colon}</strong> ", f"{colon}</strong>&nbsp;")
    data = page.encode("cp1252", "xmlcharrefreplace") if charset == "windows-1252" else page.encode()
    unit = "paragraph" if lay == "para" else "line" if lay == "timed_p" else "turn"
    return doc(
        "webpage",
        f"{site}/{lay}" + ("/timed" if timed else ""),
        ep,
        lab,
        page,
        turns,
        chaps,
        charset,
        data,
        unit=unit,
        optional=opt,
        meta=dict(url=ep.url),
    )


# ------------------------------------------------------------------ standard formats
def cues_of(r, ep, maxw=14):
    """(start, end, who, words) cues in order, times rising."""
    for it in ep.items:
        if not isinstance(it, Turn):
            continue
        txt = " ".join(truth_text(p.text) for p in it.paras)
        w = txt.split(" ") if ep.lang not in CJK else re.findall(r".{1,18}", txt)
        k = max(1, -(-len(w) // maxw))
        step, t = (it.end - it.time) / k, it.time
        for j in range(k):
            seg = w[j * maxw : (j + 1) * maxw]
            yield round(t, 3), round(t + step * 0.97, 3), it.who, (" " if ep.lang not in CJK else "").join(seg)
            t += step


def std_turns(cs, canon, cj=False):
    out, prev = [], object()
    for s, _, w, x in cs:
        if w == prev and canon:
            a, b, c = out[-1]
            out[-1] = (a, b + ("" if cj else " ") + x, c)
        else:
            out.append((canon[w] if canon else None, x, s))
        prev = w
    return out


def clk(t, dec=".", h=True):
    ms = int(round(t * 1000))
    s = f"{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}{dec}{ms % 1000:03d}"
    return f"{ms // 3600000:02d}:{s}" if h or ms >= 3600000 else s


def std_doc(r, shape):
    traps, lang = draw(r, shape)
    ep = make_episode(r, traps | {"no_chapters"}, lang, allow=(), size=r.randint(12, 50))
    ep.traps = traps
    lab = Labels(r, ep, r.choice(["full", "full", "first", "speaker_n"]))
    C, cs = lab.canon, list(cues_of(r, ep, r.choice([8, 14, 30])))
    cj = lang in CJK
    sub, unit, exact, data, enc = "", "turn", True, b"", "utf-8"
    if shape == "vtt" and "multi_voice" in traps:
        k = 0
        while k + 1 < len(cs):
            if cs[k + 1][2] != cs[k][2] and len(cs[k][3]) < 60:
                cs[k + 1] = (cs[k][0],) + cs[k + 1][1:]
                k += 1
            k += 1
    turns = std_turns(cs, C, cj)
    if shape == "vtt":
        sub = (
            r.choice(["voice", "voice", "voice", "voice_open", "name_colon", "plain", "rolling"])
            if "multi_voice" not in traps
            else "voice"
        )
        hdr = "WEBVTT" + r.choice(
            ["", "", " - " + ep.title.replace("-->", ""), "\nKind: captions\nLanguage: " + lang]
        )
        L = [hdr]
        if "style_region" in traps:
            L.append("STYLE\n::cue {\n  color: white;\n}")
            L.append("REGION\nid:fred\nwidth:40%")
        short = r.random() < 0.3
        i, prev, tail = 0, None, ""
        while i < len(cs):
            s, e, w, x = cs[i]
            esc = html.escape(x, quote=False)
            body = {
                "voice": f"<v {C[w]}>{esc}</v>",
                "voice_open": f"<v {C[w]}>{esc}",
                "name_colon": f"{C[w]}: {esc}",
                "plain": esc,
                "rolling": esc,
            }[sub]
            if "multi_voice" in traps and sub == "voice" and i + 1 < len(cs) and cs[i + 1][2] != w and len(x) < 60:
                body += f"\n<v {C[cs[i + 1][2]]}>{html.escape(cs[i + 1][3], quote=False)}</v>"
                e = cs[i + 1][1]
                i += 1
            elif len(x) > 45 and sub in ("voice", "plain") and not cj:
                k = esc.rfind(" ", 0, len(esc) // 2 + 5)
                body = body.replace(esc, esc[:k] + "\n" + esc[k + 1 :]) if k > 0 else body
            if sub == "rolling":
                body = (tail + "\n" if tail else "") + esc
                tail = esc
            if "notes" in traps and r.random() < 0.08:
                L.append("NOTE\nchecked by the desk: fine")
            L.append(
                (f"{i + 1}\n" if "ids" in traps else "")
                + f"{clk(s, '.', not short)} --> {clk(e, '.', not short)}"
                + r.choice(["", "", "", " align:start position:0%"])
                + "\n"
                + body
            )
            i += 1
        text = "\n\n".join(L) + "\n"
        if sub in ("plain", "rolling"):
            turns, unit, exact, lab = std_turns(cs, None, cj), "cue", False, None
        if "multi_voice" in traps:
            if sub == "voice":
                sub += "_multi"
            else:
                ep.traps.discard("multi_voice")
        data = text.replace("\n", "\r\n").encode() if "crlf" in traps else text.encode()
    elif shape == "srt":
        sub = r.choice(["carry", "each", "plain"]) if "carry" not in traps else "carry"
        L, prev = [], None
        for k, (s, e, w, x) in enumerate(cs):
            b = x
            if sub == "each" or sub == "carry" and w != prev:
                b = f"{C[w]}: {x}"
            if "tags" in traps and r.random() < 0.1:
                b = f"<i>{b}</i>" if sub == "plain" or not b.startswith(C[w]) else b
            if len(b) > 50 and not cj:
                q = b.rfind(" ", len(C[w]) + 4, len(b) // 2 + 8)
                b = b[:q] + "\n" + b[q + 1 :] if q > 0 else b
            prev = w
            L.append(f"{k + 1}\n{clk(s, ',')} --> {clk(e, ',')}\n{b}")
        text = "\n\n".join(L) + "\n"
        if sub == "plain":
            turns, unit, exact, lab = std_turns(cs, None, cj), "cue", False, None
        text = text.replace("\n", "\r\n") if "crlf" in traps else text
        data, enc = (text.encode("utf-8-sig"), "utf-8-sig") if "bom" in traps else (text.encode(), "utf-8")
    elif shape == "podcast_json":
        segs, prev = [], None
        if "words" in traps:
            sub = "words"
            for s, e, w, x in cs:
                ws = x.split(" ") if not cj else list(x)
                st = (e - s) / len(ws)
                for j, y in enumerate(ws):
                    d = {
                        "speaker": C[w],
                        "startTime": round(s + j * st, 3),
                        "endTime": round(s + (j + 1) * st, 3),
                        "body": y,
                    }
                    segs.append(d)
        else:
            sub = "segments"
            for s, e, w, x in cs:
                d = {"speaker": C[w], "startTime": s, "endTime": e, "body": x}
                if "carry" in traps and w == prev:
                    d.pop("speaker")
                if "extra_keys" in traps:
                    d |= {"confidence": 0.93, "id": len(segs)}
                segs.append(d)
                prev = w
        data = json.dumps(
            {"version": "1.0.0", "segments": segs}, ensure_ascii=r.random() < 0.5, indent=r.choice([None, 2])
        ).encode()
    else:
        L, prev, tf = [], None, times(r, 0, "ms_auto")
        rows = turns if r.random() < 0.5 and "carry" not in traps else None
        if rows:
            sub = "turns"
            turns = [(a, b, tf(c)[1]) for a, b, c in turns]
            for a, b, c in rows:
                L.append(
                    f"<cite>{html.escape(a)}:</cite>\n<time>{tf(c)[0]}</time>\n<p>{html.escape(b, quote=False)}</p>"
                )
        else:
            sub = "cues_carry" if "carry" in traps else "cues"
            turns = [(a, b, tf(c)[1]) for a, b, c in turns]
            for s, e, w, x in cs:
                L.append(
                    (f"<cite>{html.escape(C[w])}:</cite>\n" if not ("carry" in traps and w == prev) else "")
                    + f"<time>{tf(s)[0]}</time>\n<p>{html.escape(x, quote=False)}</p>"
                )
                prev = w
        text = "\n".join(L)
        if "full_page" in traps:
            text = f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{html.escape(ep.title)}</title></head><body>\n{text}\n</body></html>'
        data = text.encode() + b"\n"
    return doc(shape, sub, ep, lab, "", turns, [], enc, data, unit=unit, count_exact=exact)


# ------------------------------------------------------------------ the corpus
def one(seed, i, shape=None) -> Doc:
    r = random.Random(f"{seed}:{i}")
    shape = shape or pick(r, SHAPES)
    d = {
        "markdown": markdown_doc,
        "timed": timed_doc,
        "scraped": scraped_doc,
        "captions": captions_doc,
        "summary": summary_doc,
        "webpage": webpage_doc,
    }.get(shape)
    if d:
        return d(r)
    return std_doc(r, shape) if shape in ("vtt", "srt", "podcast_json", "podcast_html") else text_doc(r, shape)


def generate(seed: int, n: int, shape: str | None = None) -> Iterator[Doc]:
    for i in range(n):
        yield one(seed, i, shape)


def truth_json(d: Doc) -> dict:
    x = asdict(d)
    x.pop("data")
    x["speakers"] = sorted(d.speakers)
    return x


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("--n", type=int, default=50)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--shape")
    a.add_argument("--dump")
    o = a.parse_args()
    for i, d in enumerate(generate(o.seed, o.n, o.shape)):
        if o.dump:
            os.makedirs(o.dump, exist_ok=True)
            ext = {
                "webpage": "html",
                "podcast_html": "html",
                "vtt": "vtt",
                "srt": "srt",
                "podcast_json": "json",
                "markdown": "md",
            }.get(d.shape, "txt")
            with open(f"{o.dump}/{i:05d}_{d.shape}.{ext}", "wb") as f:
                f.write(d.data)
            with open(f"{o.dump}/{i:05d}_{d.shape}.truth.json", "w", encoding="utf-8") as f:
                json.dump(truth_json(d), f, ensure_ascii=False, indent=1)
        print(i, len(d.data), len(d.turns), d.name)


if __name__ == "__main__":
    main()
