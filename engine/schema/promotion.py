"""Names of the columns that hot tags are promoted to."""

from __future__ import annotations

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
PROMOTED_PREFIX = "tag_"


def promoted_column(key: str) -> str:
    """Return the column a tag key is promoted to: `tag_` and the key, with other than [a-z0-9] as `_<hex>_`.

    Injective: a plain `_` cannot stand for itself, so no two keys share a column.
    """
    return PROMOTED_PREFIX + "".join(c if c in _PLAIN else f"_{ord(c):x}_" for c in key)
