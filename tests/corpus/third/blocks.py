"""A document as blocks of marked text, and how plain text, Markdown, HTML and Word write them."""

from __future__ import annotations

import html
import io
import re
import textwrap
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.corpus.third.speech import EMPHASIS, LINK, PLAIN, UNLINK

Span = tuple[str, str]  # text and its mark: "", "b", "i", "bi", "code", "cite", "span", "a"


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, list item, quote, table row, or what stands as it is (`raw`).

    `loose` says that an empty line stands before it.
    """

    spans: tuple[Span, ...]
    kind: str = "p"
    level: int = 0
    loose: bool = True


@dataclass(frozen=True)
class Style:
    """How a writer writes: the marks of Markdown, the container of HTML, wrapped lines, escaped brackets."""

    bold: str = "**"
    italic: str = "*"
    escaped: bool = False
    wrapped: bool = False
    heading: str = "#"  # "#", "bare" or "caps" in plain text


def plain(text: str, kind: str = "p", level: int = 0, *, loose: bool = True) -> Block:
    """Return a block of text without a mark."""
    return Block(((text, ""),), kind, level, loose)


def said_spans(text: str) -> list[Span]:
    """Return what is said as spans: emphasis and links are marks."""
    spans: list[Span] = []
    for part in re.split(f"({EMPHASIS}[^{PLAIN}]*{PLAIN}|{LINK}[^{UNLINK}]*{UNLINK})", text):
        mark = {EMPHASIS: "i", LINK: "a"}.get(part[:1], "")
        if part:
            spans.append((part[1:-1] if mark else part, mark))
    return spans


def write(kind: str, blocks: Sequence[Block], style: Style) -> str:
    """Write blocks as text of a kind; Word's is the XML of its body."""
    return {"txt": to_text, "md": to_markdown, "html": to_html, "docx": to_word}[kind](blocks, style)


def _joined(blocks: Sequence[Block], lines: Iterable[str]) -> str:
    parts: list[str] = []
    before = ""
    for block, line in zip(blocks, lines, strict=True):
        parts.append(("\n" if parts and (block.loose or before == "heading") else "") + line)
        before = block.kind
    return "\n".join(parts) + "\n"


def to_text(blocks: Sequence[Block], style: Style) -> str:
    """Write plain text: marks fall away, headings are lines of their own."""
    return _joined(blocks, [_text_line(block, style) for block in blocks])


def _text_line(block: Block, style: Style) -> str:
    text = "".join(part for part, _ in block.spans)
    prefix = {"list": "- ", "quote": "> ", "number": f"{block.level}. "}.get(block.kind, "")
    if block.kind == "heading" and style.heading == "caps":
        text = text.upper()
    if block.kind in ("row", "head row"):
        return " | ".join(part for part, _ in block.spans)
    if style.wrapped and block.kind in ("p", "quote", "list"):
        wrap = textwrap.TextWrapper(72, break_on_hyphens=False, break_long_words=False)
        text = "\n".join(wrap.fill(line) if line else line for line in text.split("\n"))
    return prefix + text


def to_markdown(blocks: Sequence[Block], style: Style) -> str:
    """Write Markdown."""
    return _joined(blocks, [_markdown_line(block, style) for block in blocks])


def _markdown_line(block: Block, style: Style) -> str:
    parts = [_markdown_span(text, mark, style) for text, mark in block.spans]
    if block.kind == "head row":
        return f"| {' | '.join(parts)} |\n|{'---|' * len(parts)}"
    if block.kind == "row":
        return f"| {' | '.join(parts)} |"
    text = "".join(parts)
    if block.kind == "heading":
        return f"{'#' * block.level} {text}"
    if block.kind == "quote":
        return "> " + text.replace("\n", "\n> ")
    return {"list": "- ", "number": f"{block.level}. "}.get(block.kind, "") + text


def _markdown_span(text: str, mark: str, style: Style) -> str:
    if style.escaped:
        text = re.sub(r"([\[\]])", r"\\\1", text)
    italic = "*" if "_" in text else style.italic
    bold = "**" if "_" in text else style.bold
    around = {"b": bold, "i": italic, "bi": "***", "code": "`", "cite": italic, "open": bold}.get(mark, "")
    if mark == "a":
        return f"[{text}](https://example.org/{len(text)})"
    return f"{around}{text}{'' if mark == 'open' else around}"


_TAGS = {
    "b": ("<strong>", "</strong>"),
    "open": ("<strong>", "</strong>"),
    "i": ("<em>", "</em>"),
    "bi": ("<b><i>", "</i></b>"),
    "code": ("<code>", "</code>"),
    "cite": ("<cite>", "</cite>"),
    "span": ('<span class="speaker">', "</span>"),
    "a": ('<a href="https://example.org/x">', "</a>"),
    "": ("", ""),
}
_ELEMENTS = {
    "p": "p",
    "quote": "blockquote",
    "div": "div",
    "speaker": 'div class="speaker"',
    "words": 'div class="text"',
    "dt": "dt",
    "dd": "dd",
    "list": "li",
    "number": "li",
}


def to_html(blocks: Sequence[Block], _style: Style) -> str:
    """Write the body of a page."""
    lines: list[str] = []
    open_ = ""
    for block in blocks:
        around = _AROUND.get(block.kind, "")
        if around != open_:
            lines += [f"</{open_}>"] * bool(open_) + [f"<{around}>"] * bool(around)
            open_ = around
        lines.append(_element(block))
    return "\n".join(lines + [f"</{open_}>"] * bool(open_)) + "\n"


_AROUND = {"dt": "dl", "dd": "dl", "row": "table", "head row": "table", "list": "ul", "number": "ol"}


def _element(block: Block) -> str:
    parts = []
    for text, mark in block.spans:
        before, after = _TAGS[mark]
        parts.append(before + html.escape(text, quote=False).replace("\n", "<br>\n") + after)
    if block.kind in ("row", "head row"):
        cell = "td" if block.kind == "row" else "th"
        return "<tr>" + "".join(f"<{cell}>{part}</{cell}>" for part in parts) + "</tr>"
    element = f"h{block.level}" if block.kind == "heading" else _ELEMENTS[block.kind]
    return f"<{element}>{''.join(parts)}</{element.split()[0]}>"


def page(body: str, title: str | None, language: str) -> str:
    """Return an HTML page around a body."""
    head = f"<title>{html.escape(title)}</title>" if title else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head><meta charset="utf-8">{head}</head>\n'
        f"<body>\n<article>\n{body}</article>\n</body>\n</html>\n"
    )


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def to_word(blocks: Sequence[Block], _style: Style) -> str:
    """Write the XML of a Word document."""
    body = "".join(_word_paragraph(block) for block in blocks)
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'


def _word_paragraph(block: Block) -> str:
    properties = f'<w:pPr><w:pStyle w:val="Heading{block.level}"/></w:pPr>' if block.kind == "heading" else ""
    runs = []
    for text, mark in block.spans:
        bold = "<w:b/>" * (mark in ("b", "bi", "open")) + "<w:i/>" * (mark in ("i", "bi", "cite"))
        lines = "<w:br/>".join(
            "<w:tab/>".join(f'<w:t xml:space="preserve">{html.escape(part)}</w:t>' for part in line.split("\t"))
            for line in text.split("\n")
        )
        runs.append(f"<w:r>{f'<w:rPr>{bold}</w:rPr>' if bold else ''}{lines}</w:r>")
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def zipped(xml: str) -> bytes:
    """Return a Word document of its XML, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("word/document.xml"), xml)
    return out.getvalue()
