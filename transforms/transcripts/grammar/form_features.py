"""What can be measured of one way to mark labels over a whole document: do they come back, do they take turns?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log

from transforms.text import QUESTION_MARKS, ends_sentence
from transforms.transcripts.grammar.looks import has_marks, is_address, is_full_name, is_furniture, share
from transforms.transcripts.grammar.ways import Occurrences, is_element
from transforms.transcripts.labels.names import is_generic, is_uncased

_SPEAKER = re.compile(r"\.\S*(?:speaker|author|name|who)", re.IGNORECASE)  # a class that says what it holds
LEAST_ODDS = 1e-4  # what is less likely says no more, and so its opposite
_CLOSING = ' "”»’'
MANY = 40  # more than so many say no more than so many: no weight was learned on thousands


def of_form(seen: Occurrences, likely: Mapping[str, float]) -> dict[str, float]:
    """Measure one way to mark labels; of what is set off weakly, only the labels that were accepted.

    `likely`: how likely each name looks like a label; a name that was not judged is left out.
    """
    return {
        **_recurrence(seen),
        **_share_of_document(seen),
        **_marks(seen),
        **_looks(seen),
        **_names(seen, likely),
        **_texts(seen.texts),
    }


def _recurrence(seen: Occurrences) -> dict[str, float]:
    """Measure how often labels come back and how they alternate."""
    counts, n = seen.counts, len(seen.found)
    names = [seen.persons[one.name] for one in seen.found]
    back = share([a == b for a, b in zip(names, names[2:], strict=False)])
    return {
        "log_n": log(1 + min(n, MANY)),
        "log_distinct": log(1 + min(len(counts), MANY)),
        "log_recurrence": log(min(n / len(counts), MANY)),
        "recurs": share([counts[name] > 1 for name in names]),
        "recurs_thrice": share([counts[name] > 2 for name in names]),
        "alternates": share([a != b for a, b in pairwise(names)]),
        "back_and_forth": back,
        "back_of_two": back * (len(counts) < 4),
        "top_share": max(counts.values()) / n,
        "two_or_more": float(n > 1),
    }


def _share_of_document(seen: Occurrences) -> dict[str, float]:
    """Measure how much of the document the labels open, and how their times run."""
    document, found, n = seen.document, seen.found, len(seen.found)
    first, last = found[0].line, found[-1].line
    inside = [i for i in range(first, last + 1) if not document.lines[i].noise and not document.alone[i]]
    times = [one.start_time for one in found if one.start_time is not None]
    stamped = sum(document.stamped)
    # Lines of the same form that do without a label speak against it: T L: R in 10 of 1,000 lines T R.
    siblings = sum(document.stamped[i] for i in inside) if len(times) * 2 > n else len(inside)
    gaps = share([document.lines[one.line].gap for one in found])
    return {
        "share_of_lines": min(1.0, n / max(len(inside), 1)),
        "share_of_words": sum(seen.behind) / max(document.words, 1),
        "words_before": document.words_between(0, first) / max(document.words, 1),
        "nothing_behind": share([not words for words in seen.behind]),
        "words_behind": min(sum(log(1 + words) for words in seen.behind) / n, 6.0) / 3,
        "timed": len(times) / n,
        "rising": share([a <= b for a, b in pairwise(times)]),
        "share_of_times": len(times) / stamped if stamped else 0.0,
        "siblings_named": min(1.0, n / max(siblings, 1)),
        "lone_voice": (len(seen.counts) == 1) * min(1.0, n / max(siblings, 1)),
        "log_lines": log(1 + min(len(document.lines), 2 * MANY)) / 3,
        "even_gaps": max(gaps, 1 - gaps),
        "called": float(document.called is not None and document.called < first),
    }


def _marks(seen: Occurrences) -> dict[str, float]:
    """Tell how the labels are set off."""
    core = seen.core
    return {
        "marked": float(seen.is_marked),
        "bold": float("strong" in core.mark),
        "bracket": float(bool(core.bracket)),
        "colon": float(core.end == ":"),
        "heading": float(seen.is_heading),
        "element": float(is_element(core.block) or "." in core.mark or core.mark == "cite"),
        "declared": float(_SPEAKER.search(f"{core.block} {core.mark}") is not None),
        "other_end": float(core.end not in (":", "")),
        "bullet": float(core.bullet in ("-", "*", "•", "1.")),
        "weak_and_colon": float(seen.is_weak and core.end == ":"),
        "alone": share([one.form.alone for one in seen.found]),
    }


def _looks(seen: Occurrences) -> dict[str, float]:
    """Measure the labels: their shapes, not their words."""
    found, n = seen.found, len(seen.found)
    return {
        "label_words": min(sum(one.raw.count(" ") + 1 for one in found) / n, 8.0) / 4,
        "label_length": sum(log(len(one.raw)) for one in found) / n / 2,
        "label_marks": share([has_marks(one.raw) for one in found]),
        "generic": share([is_generic(one.raw) for one in found]),
        "uncased": share([is_uncased(one.raw) for one in found]),
        "listed": sum(map(seen.listed, seen.persons)) / len(seen.persons),
        "spoken_to": sum(map(seen.called, seen.persons)) / len(seen.persons),
        "furniture": share([one.form.alone and is_furniture(one.raw) for one in found]),
        "phrases": share([one.name in seen.document.phrases for one in found]),
    }


def _names(seen: Occurrences, likely: Mapping[str, float]) -> dict[str, float]:
    """Measure how much the labels look like names: `Ann Lee (1963)` is the author of a book."""
    found = [one for one in seen.found if one.name in likely]
    odds = [_log_odds(likely[one.name]) for one in found]
    return {
        "likely": sum(odds) / len(odds) if odds else 0.0,
        "least_likely": min(odds, default=0.0),
        "full_names": share([is_full_name(one.raw) for one in seen.found]),
        "digits": share([any(c.isdigit() for c in one.raw) for one in seen.found]),
        "capitals": share([one.raw.isupper() for one in seen.found]),
    }


def _log_odds(likely: float) -> float:
    """Return the logarithm of the odds, between -1 and 1."""
    likely = min(max(likely, LEAST_ODDS), 1 - LEAST_ODDS)
    return log(likely / (1 - likely)) / log(1 / LEAST_ODDS)


def _texts(texts: Sequence[str]) -> dict[str, float]:
    """Measure what begins behind the labels: what people say is of many lengths, fields and titles are of one."""
    words = [text.count(" ") + 1 for text in texts]
    return {
        "small_behind": share([text[:1].islower() for text in texts]),
        "ends_behind": share([ends_sentence(text) for text in texts]),
        "asks_behind": share([text.rstrip(_CLOSING).endswith(QUESTION_MARKS) for text in texts]),
        "digits_behind": share([text[:1].isdigit() for text in texts]),
        "addresses": share([is_address(text) for text in texts]),
        "even_length": sum(words) ** 2 / (len(words) * sum(n * n for n in words)),
    }
