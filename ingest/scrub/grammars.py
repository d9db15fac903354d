r"""Secrets in other grammars than `name=value`: SQL, Redis, command lines, XML, multipart forms, sentences.

As everywhere here the expressions run over JSON text, in which a quotation mark has a backslash before it and a line
break is `\n`; they are RE2, and each has a smaller screen that finds something wherever it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ingest.scrub.members import MEMBER_RULES, IsSecret, NameRule
from ingest.scrub.model import FILTERED
from ingest.scrub.names import STEMS_ANYWHERE, STEMS_LAST
from ingest.scrub.places import PLACE_RULES
from ingest.scrub.substitution import Splice, compiled

_FILTERED = FILTERED.encode()
_STEM = rb"(?i:" + STEMS_ANYWHERE.encode() + rb"|" + STEMS_LAST.encode() + rb")"
_GAP = rb"(?:\s|\\[nrt])"
_QUOTED = rb"(?:'((?:[^'\"\\]|\\.|'')*)'|\\+\"((?:[^\"\\]|\\+[^\"\\])*)\\+\")"

_SQL_WORDS = (
    rb"(?:(?i:identified(?:\s+with\s+\S+)?\s+by|passw(?:or)?d|passphrase|requirepass|masterauth)"
    + _GAP
    + rb"{1,3}(?:(?i:as)\s+)?|(?i:set\s+password\s+for\s+\S+)\s*="
    + _GAP
    + rb"*)"
)
_STATEMENT = _SQL_WORDS + rb"(?:'|\\+\")"
STATEMENT = _SQL_WORDS + _QUOTED
"""`IDENTIFIED BY '…'`, `ALTER ROLE bob PASSWORD '…'`, `CONFIG SET requirepass "…"`."""

_REDIS = rb"\"AUTH [^\"\s]|(?i:requirepass|masterauth)\s+[^\s'\"\\]"
REDIS = rb"\"AUTH (?:[^\"\s\\]+ )?([^\"\s'\\]+)\"|(?i:requirepass|masterauth)\s+([^\"\s'\\]+)"
"""Redis' `AUTH [user] password`, when it is all a text says; and its settings."""

_OPTION = rb"--[A-Za-z0-9_-]*" + _STEM + rb"[A-Za-z0-9_-]*\s"
OPTION = rb"--([A-Za-z0-9_-]*" + _STEM + rb"[A-Za-z0-9_-]*)\s{1,3}([^\s\"\\-][^\s\"\\]*)"
"""`--token value` of a command line."""

_CURL = rb"\s(?:-u|--user)[ =]"
CURL = rb"(?i:curl|wget|http)[^\"]*?\s(?:-u|--user)[ =]['\\\"]*[^\s:'\"\\]+:([^\s'\"\\/][^\s'\"\\]*)"
"""`curl -u user:password`."""

_ARGUMENT = rb"\"--?[A-Za-z0-9_-]*" + _STEM + rb"[A-Za-z0-9_-]*\"\s*,\s*\"[^-\"]"
ARGUMENT = rb"\"--?([A-Za-z0-9_-]*" + _STEM + rb"[A-Za-z0-9_-]*)\"\s*,\s*\"([^-\"\\](?:[^\"\\]|\\.)*)\""
"""The same as a list, as programs keep their arguments."""

_ELEMENT = _STEM + rb"[A-Za-z0-9_.-]*(?:\s(?:[^<>\"\\]|\\.)*)?>[^<>\"\\]"
ELEMENT = (
    rb"<(?:[A-Za-z0-9_-]+:)?([A-Za-z0-9_.-]*"
    + _STEM
    + rb"[A-Za-z0-9_.-]*)(?:\s(?:[^<>\"\\]|\\.)*)?>((?:[^<>\"\\]|\\.)+)<\\?/"
)
"""`<password>…</password>` of XML."""

_FORM_PART = rb"name=\\+\"[^\"\\]*" + _STEM
FORM_PART = (
    rb"name=\\+\"([^\"\\]*" + _STEM + rb"[^\"\\]*)\\+\"(?:[^\"\\]|\\[^rn\"]|\\r\\n[A-Za-z])*"
    rb"\\r\\n\\r\\n((?:[^\"\\]|\\[^r])+)"
)
"""A part of a form in pieces (`multipart/form-data`), up to the end of its line."""

_SENTENCE = rb"(?i:password|passwort|passphrase|passcode)\s+(?:(?i:is|was|of|ist)\s)?['`]?[^\s\"']*[0-9]"
SENTENCE = rb"(?i:password|passwort|passphrase|passcode)\s+(?:(?i:is|was|of|ist)\s+)?['`]?([^\s\"'`\\,;:=()<>]{6,})"
"""`with password Xyz123`: a word behind the name that has letters and digits, as words of sentences have not."""

_INSERT = rb"(?i:insert\s)[^()]*\([^()]*" + _STEM
INSERT = rb"(?i:insert\s)(?:[^()\"]|\\+\")*\(((?:[^()\"]|\\+\")*)\)" + _GAP + rb"*(?i:values)"
"""The columns of an `INSERT`; the values behind them are found by their place."""

_VALUE = re.compile(
    rb"""\s*(?P<literal>'(?:[^'"\\]|\\.|'')*'|\\+"(?:[^"\\]|\\+[^"\\])*\\+"|[^,()'"\\]*\([^()"]*\)|[^,()'"\\]+)\s*(?P<end>[,)])"""
)
_MAX_VALUES = 2000


def _second_of(pattern: bytes) -> Callable[[bytes, IsSecret], Iterator[Splice]]:
    """Return what yields the second group of each match whose first is a secret's name."""

    def splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
        for match in compiled(pattern).finditer(text):
            if secret(match.group(1).decode("utf-8", "replace")):
                yield from _spliced(text, match, 2)

    return splices


def _any_of(pattern: bytes) -> Callable[[bytes, IsSecret], Iterator[Splice]]:
    """Return what yields the group of each match that took part; the words around it are the name."""

    def splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
        if secret("password"):
            for match in compiled(pattern).finditer(text):
                yield from _spliced(text, match, match.lastindex or 1)

    return splices


def _spliced(text: bytes, match: Any, group: int) -> Iterator[Splice]:
    start, end = match.span(group)
    if 0 <= start < end and text[start:end] != _FILTERED:
        yield start, end, _FILTERED


def sentence_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the words of sentences that are passwords by their look: letters and digits."""
    if not secret("password"):
        return
    for match in compiled(SENTENCE).finditer(text):
        word = match.group(1)
        if any(48 <= letter <= 57 for letter in word) and any(letter > 57 for letter in word):
            yield from _spliced(text, match, 1)


def insert_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the literals of an `INSERT` that go into columns with secret names."""
    for match in compiled(INSERT).finditer(text):
        names = [name.strip(b" \t`'\\\"[]") for name in match.group(1).split(b",")]
        columns = {number for number, name in enumerate(names) if secret(name.decode("utf-8", "replace"))}
        if columns:
            yield from _values(text, match.end(), columns)


def _values(text: bytes, at: int, columns: set[int]) -> Iterator[Splice]:
    """Yield the quoted literals at some places of each row behind `VALUES`."""
    number = -1
    for _ in range(_MAX_VALUES):
        if number < 0:
            opening = _ROW.match(text, at)
            if opening is None:
                return
            at, number = opening.end(), 0
        found = _VALUE.match(text, at)
        if found is None:
            return
        literal = found["literal"].strip()
        quote = (
            1 if literal[:1] == b"'" else len(literal) - len(literal.lstrip(b"\\")) + 1 if literal[:1] == b"\\" else 0
        )
        if number in columns and quote and len(literal) > 2 * quote:
            start = found.start("literal") + found["literal"].index(literal)
            yield start + quote, start + len(literal) - quote, _FILTERED
        at = found.end()
        number = number + 1 if found["end"] == b"," else -1


_ROW = re.compile(rb"(?:\s|\\[nrt]|,)*\(")

NAME_RULES: dict[str, NameRule] = {
    **MEMBER_RULES,
    "statement": NameRule("scrubbed:text", _STATEMENT, _any_of(STATEMENT)),
    "insert": NameRule("scrubbed:text", _INSERT, insert_splices),
    "redis": NameRule("scrubbed:text", _REDIS, _any_of(REDIS)),
    "option": NameRule("scrubbed:text", _OPTION, _second_of(OPTION)),
    "curl": NameRule("scrubbed:text", _CURL, _any_of(CURL)),
    "argument": NameRule("scrubbed:text", _ARGUMENT, _second_of(ARGUMENT)),
    "element": NameRule("scrubbed:text", _ELEMENT, _second_of(ELEMENT)),
    "form_part": NameRule("scrubbed:text", _FORM_PART, _second_of(FORM_PART)),
    "sentence": NameRule("scrubbed:text", _SENTENCE, sentence_splices),
    **PLACE_RULES,
}
"""All rules about names, in the order they are tried."""
