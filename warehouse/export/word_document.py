"""Word documents, for editors: headings, a paragraph a turn, its time a link into the audio, its speaker bold.

A document is a ZIP of XML, and these four parts are all that one needs
(ECMA-376, https://ecma-international.org/publications-and-standards/standards/ecma-376/).
"""

from __future__ import annotations

import zipfile
from html import escape
from io import BytesIO

from warehouse.export.transcript import ExportTranscript, ExportTurn, cited, clock, named, one_line

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/></Types>'
)
_ROOT = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/></Relationships>'
)


def _heading(key: str, name: str, half_points: int, level: int) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f'<w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:outlineLvl w:val="{level}"/></w:pPr>'
        f'<w:rPr><w:b/><w:sz w:val="{half_points}"/></w:rPr></w:style>'
    )


_STYLES = (
    f'{_XML}<w:styles xmlns:w="{_W}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
    '<w:name w:val="Normal"/><w:qFormat/><w:pPr><w:spacing w:after="160"/></w:pPr>'
    '<w:rPr><w:sz w:val="22"/></w:rPr></w:style>'
    f"{_heading('Heading1', 'heading 1', 36, 0)}{_heading('Heading2', 'heading 2', 28, 1)}"
    '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
    '<w:rPr><w:color w:val="0563C1"/><w:u w:val="single"/></w:rPr></w:style></w:styles>'
)


def docx(transcript: ExportTranscript) -> bytes:
    """Write a Word document, the same bytes for the same transcript."""
    links: dict[str, str] = {}
    paragraphs = [_paragraph([_run(one_line(transcript.title))], "Heading1")] if transcript.title else []
    line, source = cited(transcript)
    address = [_linked(source, source, links)] if source else []
    shown = [_run(f"{line} · " if address else line)] if line else []
    if shown or address:
        paragraphs.append(_paragraph([*shown, *address]))
    chapter = None
    for turn, name in named(transcript.turns):
        if not one_line(turn.text):
            continue
        if turn.chapter and turn.chapter != chapter:
            paragraphs.append(_paragraph([_run(one_line(turn.chapter))], "Heading2"))
        chapter = turn.chapter
        bold = [_run(f"{name}:", "<w:b/>"), _run(" ")] if name else []
        paragraphs.append(_paragraph([*_time(turn, links), *bold, _run(one_line(turn.text))]))
    document = (
        f'{_XML}<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{"".join(paragraphs)}</w:body></w:document>'
    )
    return _zipped(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _ROOT,
            "word/document.xml": document,
            "word/styles.xml": _STYLES,
            "word/_rels/document.xml.rels": _relationships(links),
        }
    )


def _time(turn: ExportTurn, links: dict[str, str]) -> list[str]:
    """Write the time, and note its link; Word has the links of a document in a list of their own."""
    if turn.start_time is None:
        return []
    shown = clock(turn.start_time)
    if not turn.link:
        return [_run(f"[{shown}] ")]
    return [_linked(shown, one_line(turn.link), links), _run(" ")]


def _linked(shown: str, address: str, links: dict[str, str]) -> str:
    key = links.setdefault(address, f"link{len(links)}")
    return f'<w:hyperlink r:id="{key}">{_run(shown, _LINK)}</w:hyperlink>'


_LINK = '<w:rStyle w:val="Hyperlink"/>'


def _run(text: str, properties: str = "") -> str:
    style = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    # What XML 1.0 cannot hold, as U+FFFE, would make the document unreadable.
    shown = "".join(character for character in text if character not in "\ufffe\uffff")
    return f'<w:r>{style}<w:t xml:space="preserve">{escape(shown, quote=False)}</w:t></w:r>'


def _paragraph(runs: list[str], style: str | None = None) -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def _relationships(links: dict[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{_R}/hyperlink" Target="{escape(link)}" TargetMode="External"/>'
        for link, key in links.items()
    )
    styles = f'<Relationship Id="styles" Type="{_R}/styles" Target="styles.xml"/>'
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{styles}{listed}</Relationships>'


def _zipped(parts: dict[str, str]) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, text.encode())
    return archive.getvalue()
