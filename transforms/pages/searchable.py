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

from transforms.pages.page_content import Spoken
from transforms.text import visible


def packed(episodes: Sequence[tuple[str, str]], said: Spoken) -> str:
    """Pack the turns of episodes, each a link and a title; the same turns give the same text."""
    speakers: dict[str, int] = {}
    turns = [
        [
            one.episode,
            one.turn,
            None if one.speaker is None else speakers.setdefault(one.speaker, len(speakers)),
            None if one.start_time is None else round(one.start_time * 100),
            visible(one.text, keep="\n\t"),
        ]
        for one in said.turns
    ]
    whole = {
        "episodes": episodes,
        "speakers": [visible(name) for name in speakers],
        "turns": turns,
        "forms": said.forms,
    }
    data = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()
