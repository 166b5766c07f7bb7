"""All that is said in some episodes, packed so that it fits a page: JSON, through gzip, in base64.

    {"episodes": [[href, title], …], "speakers": [name, …],
     "turns": [[episode, turn, speaker or null, hundredths of a second or null, text], …],
     "forms": ["turn turned turns", …]}

A page of a folder may load nothing beside itself, so the texts are in it; 200 hours are some megabytes. The index
is made from them by the page: it would be larger than they are.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence

from transforms.pages.content import Said
from transforms.pages.word_forms import word_forms
from transforms.text import visible


def packed(episodes: Sequence[tuple[str, str]], said: Sequence[Said], languages: Sequence[str | None] = ()) -> str:
    """Pack the turns of episodes, each a link and a title; the same turns give the same text.

    `languages` are those of the episodes, where known: they tell which words are forms of one.
    """
    speakers: dict[str, int] = {}
    turns = [
        [
            one.episode,
            one.turn,
            None if one.speaker is None else speakers.setdefault(one.speaker, len(speakers)),
            None if one.start_time is None else round(one.start_time * 100),
            visible(one.text, keep="\n\t"),
        ]
        for one in said
    ]
    known = dict(enumerate(languages))
    whole = {
        "episodes": episodes,
        "speakers": [visible(name) for name in speakers],
        "turns": turns,
        "forms": word_forms((known.get(one.episode), one.text) for one in said),
    }
    data = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()
