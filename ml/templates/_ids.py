"""The id a text's row carries: it depends on the text alone."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from queries.masks import MAX_CHARS, mask


def masked(text: str) -> str:
    """Return a text with all that changes masked, as far as it tells templates apart; blanks count as one."""
    return " ".join(mask(text[:MAX_CHARS]).split())


def id_of_masked(text: str) -> int:
    """Return the id of a masked text: 64 bits of a hash, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@lru_cache(maxsize=8192)
def template_id(text: str) -> int:
    """Return the id of a message on its row: equal for messages that differ only in what is masked."""
    return id_of_masked(masked(text))
