"""A secret that one place gives away stands in others too: a message with its parameters, a query with its bindings.

`logger.info("password %s", password)` sends the text, in which a name tells the secret, and the bare value in a list
beside it, where nothing does. What the rules about names took out of texts is therefore taken out of the rest of the
item, if it is a word of its own kind: long, with letters and digits, as no ordinary word is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ingest.scrub.model import FILTERED
from ingest.scrub.substitution import Splice

_FILTERED = FILTERED.encode()
_WHOLE_CHARS = 8
"""From so many letters on a value that is all of a text goes."""

_ANYWHERE_CHARS = 16
"""From so many letters on a value goes within texts too."""

_MOST = 50


def echoing(text: bytes, splices: Sequence[Splice]) -> Iterator[bytes]:
    """Yield what is taken out of texts and would be known again elsewhere."""
    for start, end, new in splices:
        found = text[start:end]
        if new == _FILTERED and len(found) >= _WHOLE_CHARS and _is_distinct(found):
            yield found


def without_echoes(text: bytes, told: Iterable[bytes]) -> bytes:
    """Return JSON text without the secrets that were told elsewhere in it; the same bytes when there are none."""
    for found in sorted(told, key=lambda word: (-len(word), word))[:_MOST]:
        if found in text:
            whole, filtered = b'"' + found + b'"', b'"' + _FILTERED + b'"'
            text = text.replace(found, _FILTERED) if len(found) >= _ANYWHERE_CHARS else text.replace(whole, filtered)
    return text


def _is_distinct(found: bytes) -> bool:
    """Tell a password or key from a word, a number and a date."""
    has_digit = any(48 <= letter <= 57 for letter in found)
    has_letter = any(65 <= letter <= 90 or 97 <= letter <= 122 for letter in found)
    return has_digit and has_letter and b"\\" not in found and not found[:4].isdigit()
