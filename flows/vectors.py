"""Vectors of what is said in a home, for a search by meaning: made behind each load where `semantic` is on."""

from __future__ import annotations

from flows.engines import embedding
from flows.home.locks import held
from flows.progress import REPORTER
from flows.settings import Settings
from transforms.errors import SourceError
from warehouse.search.passage_vectors import embed_passages


def make_vectors(settings: Settings) -> bool:
    """Make the vectors that lack; whether there were any.

    Rows are there without them: what is missing for them is told, and fails nothing. Where another process makes
    them, it makes these, too.
    """
    if not settings.semantic or settings.load == "elsewhere":
        return False
    with held(settings.home, "vectors") as mine:
        if not mine:
            return False
        try:
            embedding.check()
        except SourceError as error:
            REPORTER.get().say(str(error))
            return False
        return _make(settings)


def _make(settings: Settings) -> bool:
    made = False
    try:
        for done, lacking in embed_passages(settings.warehouse, embedding.embed):
            made = True
            REPORTER.get().count("vectors", done, lacking)
    except Exception as error:  # another loader is at work, or it is the model's: rows are there
        REPORTER.get().say(f"vectors are made behind the next load: {error}")
    return made
