"""What may stand at the cursor of a SELECT: data sets, their columns, allowed functions, keywords, keys of tags.

The text is looked at as words, because unfinished statements are the usual case; nothing here fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.schema import DATASETS, TABLES, Kind
from queries.editor.completion import MAX_ITEMS, Completions
from queries.editor.facts import Facts
from queries.editor.items import Item, datasets, type_word
from queries.editor.sql_words import sql_functions, sql_keywords
from queries.types import type_of_kind

_SKIPPED = re.compile(
    r"""(?P<open>'(?:[^'\\]|\\.)*+\Z|"(?:[^"\\]|\\.)*+\Z|`(?:[^`\\]|\\.)*+\Z|--[^\n]*+\Z|/\*(?:(?!\*/).)*+\Z)"""
    r"""|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|`(?:[^`\\]|\\.)*+`|--[^\n]*+|/\*.*?\*/""",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REST = re.compile(r"[A-Za-z0-9_]*")
_ALIAS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.\Z")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\[\s*'([^'\\\]]*)\Z")
_BEFORE = re.compile(r"([A-Za-z_]+|[^\sA-Za-z_])\s*\Z")
_NO_ALIAS = "on|using|where|prewhere|group|order|limit|having|union|left|right|inner|full|cross|join|array|final"
_SOURCES = re.compile(
    rf"\b(?:from|join)\s+([A-Za-z_]\w*)(?:\s+(?:as\s+)?(?!(?:{_NO_ALIAS})\b)([A-Za-z_]\w*))?", re.IGNORECASE
)
_COMMON = re.compile(r"(?:\bwith|,)\s+([A-Za-z_]\w*)\s+as\s*\(", re.IGNORECASE)
_NAMED = re.compile(r"\bas\s+([A-Za-z_]\w*)", re.IGNORECASE)


def complete_sql(source: str, cursor: int, facts: Facts | None = None) -> Completions:
    """Return what may stand at the cursor.

    Args:
        source: the statement as it is, finished or not.
        cursor: position in it, in characters; clipped to the text.
        facts: the request's own names: keys of tags.
    """
    known = facts or Facts()
    cursor = min(max(cursor, 0), len(source))
    before = source[:cursor]
    key = _KEY.search(before)
    if key is not None:
        return _keys(source, cursor, key, known)
    if any(match["open"] is not None for match in _SKIPPED.finditer(before)):
        return Completions(cursor, cursor)
    word = _WORD.search(before)
    start = word.start() if word else cursor
    rest = _REST.match(source, cursor)
    end = rest.end() if rest else cursor
    typed = source[start:cursor]
    tables = _tables(source)
    alias = _ALIAS.search(before[:start])
    own = None if alias is None else _columns(tables.get(alias[1], ()))
    found = _unqualified(source, before[:start], tables) if own is None else own
    return Completions(start, end, tuple(_ranked(found, typed)[:MAX_ITEMS]))


def _unqualified(source: str, before: str, tables: dict[str, tuple[str, ...]]) -> list[Item]:
    last = _BEFORE.search(before)
    word = last[1].lower() if last else ""
    if word in {"from", "join"}:
        common = [Item(name, f"{name} ", "dataset", "Named by WITH.") for name in _COMMON.findall(source)]
        return [*common, *datasets()]
    if word == "as":
        return []
    if not word:
        return [item for item in sql_keywords() if item.label in {"SELECT", "WITH"}]
    read = tuple(dict.fromkeys(name for names in tables.values() for name in names))
    own = [Item(name, name, "field", "Named by AS.") for name in dict.fromkeys(_NAMED.findall(source))]
    return [*_columns(read), *own, *sql_functions(), *sql_keywords()]


def _tables(source: str) -> dict[str, tuple[str, ...]]:
    """Return the data sets a statement reads, under their aliases and their own names; errors where none is known."""
    plain = _SKIPPED.sub(" ", source)
    found: dict[str, tuple[str, ...]] = {}
    for name, alias in _SOURCES.findall(plain):
        if name in DATASETS:
            found[name] = (name,)
            if alias:
                found[alias] = (name,)
    return found or {"errors": ("errors",)}


def _columns(names: Sequence[str]) -> list[Item]:
    return list(dict.fromkeys(item for name in names for item in _columns_of(name)))


@lru_cache(maxsize=32)
def _columns_of(dataset: str) -> tuple[Item, ...]:
    table = TABLES[DATASETS[dataset].table]
    return tuple(Item(column.name, column.name, "field", column.doc, _type_of(column.kind)) for column in table.columns)


def _type_of(kind: Kind) -> str:
    return type_word(type_of_kind(kind))


def _keys(source: str, cursor: int, key: re.Match[str], facts: Facts) -> Completions:
    """Return the keys of tags inside of the quotes of `tags['…`."""
    if key[1].rpartition(".")[2] != "tags":
        return Completions(cursor, cursor)
    read = dict.fromkeys(name for names in _tables(source).values() for name in names)
    keys = dict.fromkeys(one for name in read for one in facts.tags.get(name, ()))
    items = [Item(one, one, "value") for one in keys if "'" not in one and "\\" not in one]
    end = cursor
    while end < len(source) and source[end] not in "']\n":
        end += 1
    return Completions(key.start(2), end, tuple(_ranked(items, key[2])[:MAX_ITEMS]))


def _ranked(items: list[Item], typed: str) -> list[Item]:
    """Return what begins with the word typed, what is written in its letters first, then what holds it."""
    wanted = typed.lower()
    if len(typed) > 1 and typed.isupper():
        items = sorted(items, key=lambda item: not item.label.startswith(typed))
    begins = [item for item in items if item.label.lower().startswith(wanted)]
    holds = [item for item in items if wanted in item.label.lower() and not item.label.lower().startswith(wanted)]
    return begins + (holds if wanted else [])
