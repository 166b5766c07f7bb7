"""What stands around a transcript: player controls, share links, sponsors, credits, comments."""

from __future__ import annotations

import re

# Lines that are part of a page and said by nobody; whole lines only.
_CONTROLS = re.compile(
    r"playback speed|share from \d{1,2}:\d\d(?::\d\d)?|[×✕✖x/|·•←→↑↓⋯…]+|[-_=*—]{3,}|-?\d{1,2}:\d{2}(:\d{2})?|"
    r"[\d,.]+[km]?|play|pause|mute|download(?: (?:episode|audio))?|listen now|speed|\d(?:\.\d+)?x|volume|"
    r"current time:?.*|duration:?|loading\.*|rewind|fast[- ]forward|skip (?:back|forward).*|show transcript|"
    r"hide transcript|(?:click|tap) to (?:play|expand).*|generate transcript",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"share(?: (?:post|this|this post|this episode|full video|on .*|at current time|post at current time))?|"
    r"copy link|facebook|twitter|x|linkedin|email|e-mail|reddit|notes?|more|tweet|pin it|print|save|like|liked?|"
    r"reply|restack|embed|embed code|rss|follow(?: us)?|subscribed?(?: now)?|sign (?:in|up|out)|log ?in|"
    r"upgrade(?: to paid)?|get the app|start writing|leave a comment|read in app|open in app|"
    r"give a gift subscription|click to tweet|advertisement|read summary\s*→?|download here|back to top|"
    r"skip to (?:main )?content|accept(?: all)?(?: cookies)?|menu|search|home|archive|about|previous|next|see all|"
    r"continue reading|no posts|"
    r"teilen|abonnieren|herunterladen|partager|s['’]abonner|télécharger|compartir|suscr[ií]b(?:ete|irse)|descargar|"
    r"compartilhar|partilhar|assinar|inscreva-se|baixar|подписаться|поделиться|скачать|مشاركة|شارك|اشترك|اشتراك|تحميل|"
    r"שיתוף|שתפו?|הירשמו|הרשמה|להורדה|分享|订阅|訂閱|下载|シェア|共有|チャンネル登録|購読|登録|ダウンロード|구독|공유",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[-_=*—]{3,}|meeting ended .*|👋.*|english \(auto-generated\)|"
    r"[\d,]+ (?:comments?|likes?|restacks?|replies|shares?|responses?|thoughts? on .*)(?:\s*[∙·].*)?|"
    r"no comments(?: yet)?|comments(?: \(\d+\))?|discussion about this.*|ready for more\??|"
    r"leave a (?:reply|comment).*|related(?: (?:posts|episodes|articles))?:?|"
    r"you (?:may|might) also (?:like|enjoy).*|more (?:episodes|from .*)|recent (?:posts|episodes)|"
    r"top\s*latest.*|(?:©|\(c\)|copyright).*|"
    r"all rights reserved.*|privacy(?: policy)?\s*[∙·|].*|privacy policy|terms of (?:use|service)|"
    r"share this(?: (?:post|episode|article))?:?|share|subscribe(?: now| to .*)?|previous(?: (?:post|episode).*)?|"
    r"next (?:post|episode).*|thanks for reading.*|write a comment.*|"
    r"about the (?:show|podcast|author|host|guest)s?|discover more (?:podcasts|episodes|posts).*|sponsors?|"
    r"show notes|← .*|.* →|type your email.*|"
    r"this post is public.*|this transcript (?:was|has been|is|may) .*|"
    r"transcri(?:pt|bed|ption) (?:by|provided|courtesy|generated|created|made|powered) .*|"
    r"(?:weitere|ähnliche|andere|mehr) folgen|(?:\d+ )?kommentare?|"
    r"(?:autres épisodes|épisodes (?:similaires|liés)).*|"
    r"(?:\d+ )?commentaires?|(?:más|otros) episodios.*|episodios relacionados|(?:\d+ )?comentarios?|"
    r"(?:mais|outros) episódios.*|episódios relacionados|(?:\d+ )?comentários?|(?:похожие|другие|ещё) выпуски|"
    r"(?:\d+ )?комментари(?:и|я|ев|й)|حلقات (?:ذات صلة|أخرى|مشابهة)|(?:\d+ )?تعليق(?:ات)?|"
    r"פרקים (?:נוספים|דומים|קשורים)|(?:\d+ )?תגובות|(?:相关|更多|相關)节目|(?:\d+ ?条?)?评论|"
    r"関連(?:エピソード|番組)|(?:他の|前の)エピソード|(?:\d+ ?件?の?)?コメント",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"(?:copyright\s*)?(?:©|\(c\))\s*\d{4}|copyright \d{4}", re.IGNORECASE)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|january|february|march|april|june|july|august|september|"
    r"october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|"
    r"juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    r"octubre|noviembre|diciembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    r"января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
)
_DATE = re.compile(
    rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:published(?: on)?:? |posted(?: on)? |recorded(?: on)?:? )?"
    rf"(?:{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|"
    rf"\d{{1,2}}(?:st|nd|rd|th|\.|º)?(?: de)? {_MONTH}\.?(?:,?(?: de)? \d{{4}})?|"
    rf"\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|\d{{1,2}}[-./]\d{{1,2}}[-./]\d{{2,4}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日)"
    r"(?: г\.?)?(?:\s*[·•|∙-].*)?",
    re.IGNORECASE,
)
_COMMENTS = re.compile(
    r"[\d,]+ (?:comments?|replies|responses)(?:\s*[∙·].*)?|(?:reader )?comments(?: ?\(\d+\))?:?|"
    r"discussion about this.*|leave a (?:reply|comment).*|join the (?:discussion|conversation).*|"
    r"write a comment.*",
    re.IGNORECASE,
)
TRANSCRIPT = re.compile(
    r"[-=—*#\s]*(?:(?:full|complete|episode|edited|rough|auto-generated|automated|machine|podcast|interview|video|"
    r"the|read the(?: full)?|vollständiges|volledige?|fullständigt?|pełna|полная|полный)\s+)*"
    r"(?:transcri(?:pt|ption|pción|pció|ptie)|transkrip(?:t|tion|tet|ce|tio|ti)|transkrypcja|trascrizione|transcrição|"
    r"transkripsiyon|transkripsi|逐字稿|文字起こし|書き起こし|文字稿|文字记录|全文|녹취록|대본|스크립트|ट्रांसक्रिप्ट|"
    r"расшифровка|транскрипт|стенограмма|απομαγνητοφώνηση|(?:ה?תמלול|ה?תמליל)(?: ה?מלא)?|"
    r"(?:ال)?نص(?: الحلقة)?(?: ال?كامل)?|نص الحوار|(?:ال)?تفريغ(?: النصي| نصي| الحلقة)?)"
    r"(?:\s+(?:of the episode|below|begins|starts here|follows|complète?|intégrale?|completa?|completo|integral|"
    r"der (?:folge|episode)|do episódio|dell[’']episodio|эпизода|выпуска|"
    r"del episodio|de l[’']épisode))?[-=—*#:：\s]*",
    re.IGNORECASE,
)
HIGHLIGHTS = re.compile(
    r"(?:highlights|key quotes|best quotes|episode highlights|notable quotes):?", re.IGNORECASE
)
SPONSORS = re.compile(
    r"(?:(?:our|this (?:week|episode)['’]s|today['’]s|episode) )?(?:sponsors?|sponsored by|ads|advertisers?|"
    r"partners):?|(?:thanks|thank you) to our sponsors.*|brought to you by:?",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:time ?stamps|chapters|outline|contents|table of contents|topics(?: (?:covered|discussed))?|links?|"
    r"resources|show ?notes|references|mentioned(?: in (?:this|the) episode)?|description|about|summary|follow .*|"
    r"credits|guests?|jump to|in this episode|episode (?:notes|outline|links)|people mentioned|"
    r"books mentioned|further reading):?",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:thanks to .* for|(?:this )?transcri|edited by|produced by|hosted by|recorded |editor['’]s note|note:|"
    r"music by|\(?this (?:interview|conversation|transcript|episode) (?:has|was|is|may))",
    re.IGNORECASE,
)
_ABOUT_TRANSCRIPT = re.compile(
    r"(?:(?:please )?note:? (?:that )?)?(?:this|the following|our)? ?(?:is an? )?"
    r"(?:(?:rush|unedited|automated|automatic|ai|auto|machine)[- ]?(?:generated )?)?(?:podcast )?transcripts? "
    r"(?:was|were|is|are|has|have|may|can|might|below|provided|generated)\b|"
    r"note: this is a rush transcript|(?:dieses|das) transkript (?:wurde|ist|kann)|"
    r"(?:cette|la) transcription (?:a été|est|peut)|(?:esta|la) transcripción (?:se|fue|ha|es|puede)|"
    r"(?:esta|a) transcrição (?:foi|é|pode)|"
    r"(?:эта )?(?:расшифровка|стенограмма) (?:была |создана|сделана|выполнена)|"
    r"(?:本|此)?文字稿(?:由|为|可能)|この(?:文字起こし|書き起こし)は|(?:ה)?תמלול (?:זה |ה)?(?:נוצר|נעשה|הופק)|"
    r"(?:تم إنشاء|تم إعداد|أُنشئ) هذا النص",
    re.IGNORECASE,
)
_KEYS = {
    "title": "title", "episode": "title", "episode title": "title", "channel": "show", "show": "show",
    "podcast": "show", "url": "url", "link": "url", "source": "url", "video": "url", "language": "language",
    "date": "published", "published": "published", "release date": "published", "publish date": "published",
    "host": "host", "hosts": "host", "guest": "guest", "guests": "guest", "speakers": "speakers",
    "participants": "speakers", "duration": "duration", "length": "duration", "recorded": "recorded",
    "recording date": "recorded", "transcribed by": "credit", "transcript by": "credit", "kind": "kind",
    "author": "author", "description": "description", "video id": "video id", "views": "views",
}  # fmt: skip
_KEY_VALUE = re.compile(r"\W{0,4}([A-Za-z][A-Za-z ]{1,18}?)\W{0,2}[:：]\W{0,2}\s*(\S.*)$")


def noise(text: str) -> str | None:
    """Name the reason to drop a whole line; `None` for text.

    >>> noise("Share post"), noise("Playback speed"), noise("We share it.")
    ('share link', 'player control', None)
    """
    if len(text) > 60:
        return None
    if _CONTROLS.fullmatch(text):
        return "player control"
    return "share link" if _SHARE.fullmatch(text) else None


def begins_tail(text: str) -> bool:
    """Check for a line behind which a page says nothing of the episode any more.

    >>> begins_tail("2 Comments"), begins_tail("I have 2 comments on that.")
    (True, False)
    """
    return (len(text) <= 120 and _TAIL.fullmatch(text) is not None) or _RIGHTS.match(text) is not None


def is_date(text: str) -> bool:
    """Check for a line that says when something was published.

    >>> is_date("October 25, 2021"), is_date("10.05.2020 · 36 min"), is_date("May I?")
    (True, True, False)
    """
    return len(text) <= 80 and _DATE.fullmatch(text) is not None


def begins_comments(text: str) -> bool:
    """Check for the heading of what readers wrote below.

    >>> begins_comments("2 Comments"), begins_comments("Discussion about this episode")
    (True, True)
    """
    return len(text) <= 60 and _COMMENTS.fullmatch(text) is not None


def key_value(text: str) -> tuple[str, str] | None:
    """Read a line of a header, such as `Date: 2024-05-01`, with the name that we have for its key.

    >>> key_value("Channel: The Long Groove"), key_value("Ann: So what?")
    (('show', 'The Long Groove'), None)
    """
    match = _KEY_VALUE.match(text)
    key = _KEYS.get(match[1].strip().casefold()) if match else None
    return (key, match[2].strip()) if match and key else None


def section_heading(text: str) -> bool:
    """Check for the heading of a part of a page that is not the transcript."""
    return len(text) <= 60 and _SECTION.fullmatch(text) is not None


def is_credit(text: str) -> bool:
    """Check whether a line says who made the episode or its transcript, or how."""
    return _CREDIT.match(text) is not None or is_about_transcript(text)


def is_about_transcript(text: str) -> bool:
    """Check whether a line says how the transcript came about, or what it may get wrong.

    >>> is_about_transcript("This transcript was generated automatically and may contain errors.")
    True
    """
    return _ABOUT_TRANSCRIPT.match(text) is not None
