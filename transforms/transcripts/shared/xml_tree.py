"""Text → the tree of an XML document, without entities, files or networks."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from transforms.errors import ContentError
from transforms.safe_xml import SAFE_AND_LENIENT
from transforms.transcripts.document import Text

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", re.IGNORECASE)


def parse_xml(text: Text, about: str) -> Any:
    """Read the tree; what the declaration says of the encoding was heard when the bytes were read.

    Raises:
        ContentError: it is not sound.
    """
    shown = _DOCTYPE.sub("", _DECLARATION.sub("", text.text), count=1)
    try:
        root = etree.fromstring(shown.strip().encode(), etree.XMLParser(**SAFE_AND_LENIENT))
    except etree.XMLSyntaxError as error:
        root, cause = None, str(error).partition("\n")[0]
    else:
        cause = "it has no elements"
    if root is None:
        msg = f"the {about} is no XML: {cause}"
        raise ContentError(msg)
    return root
