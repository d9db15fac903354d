"""`$name` in a search: a value that stands for a parameter where one of that name is given.

The grammar of Sentry knows no parameters; there `$name` is text, and it stays text here in quotes, and wherever no
parameter of that name is given. So the tree keeps it as the text it is, and planning puts the value in its place.
"""

from __future__ import annotations

import re

from queries import ast
from queries.search.reader import Reader
from queries.search.tokens import TextValue

_NAME = r"\$[A-Za-z_][A-Za-z0-9_]*+"
_PARAMETER = re.compile(_NAME)
_SIGNED = re.compile(rf"(?P<sign>>=|<=|!=|>|<|=)?(?P<name>{_NAME})")


def read_parameter(reader: Reader, position: int) -> TextValue | None:
    """Read `$name`, which under a key of numbers, times or quantities is not text but stands for such a value."""
    match = reader.match(_PARAMETER, position)
    if match is None or not reader.ends_value(match.end()):
        return None
    return TextValue(match[0], False, position, match.end())


def is_parameter(text: str) -> bool:
    """Return whether a value as written is `$name`."""
    return _PARAMETER.fullmatch(text) is not None


def parameter_of(text: ast.Text) -> tuple[str, ast.Op | None] | None:
    """Return the name a text of a search stands for, without its `$`, and the comparison sign written before it.

    The sign belongs to the text where the key is not known to take one: `n:>$least` of a column `n`.
    """
    if text.quoted or text.match is not ast.TextMatch.EXACT:
        return None
    found = _SIGNED.fullmatch(text.text)
    if found is None:
        return None
    return found["name"][1:], ast.Op(found["sign"]) if found["sign"] else None
