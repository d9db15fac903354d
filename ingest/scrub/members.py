"""Secrets that are known by the name they stand under, in JSON text: members, pairs, and `name=value` inside texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.errors import InvalidItem
from ingest.jsontext import decode_json, encode_json
from ingest.scrub.model import FILTERED
from ingest.scrub.names import STEMS_ANYWHERE, STEMS_LAST
from ingest.scrub.substitution import Splice, after_escape, compiled

IsSecret = Callable[[str], int]
"""How surely a name is a secret's: `ingest.scrub.names.strength`, less what a project keeps."""


def _not_starting(word: bytes) -> bytes:
    """Return an RE2 alternative for the beginning of any text that is neither empty nor `word` (and its end)."""
    tails = b""
    for letter in reversed(word):
        quoted = b"\\x%02x" % letter
        tails = b"(?:[^" + quoted + b"]" + (b"|" + quoted + tails if tails else b"") + b")"
    return tails


_NAME = rb'[^"\\]*(?i:' + STEMS_ANYWHERE.encode() + rb')[^"\\]*|[^"\\]*(?i:' + STEMS_LAST.encode() + rb")[0-9]*"
_UNFILTERED = (
    rb'(?:"' + _not_starting(b'[Filtered]"').replace(b"[^\\x5b]", b'[^\\x5b"]', 1) + rb"|[-0-9]|\[[^\]]|\{[^}])"
)
_STRING = rb'"(?:[^"\\]|\\.)*"'

MEMBER = rb'"(' + _NAME + rb')"\s*:\s*' + _UNFILTERED
"""A member with a name that may be a secret's, and a value that is not out of sight already."""
_KEY_WORDS = rb'"(?i:key|name|header|k|n)"\s*:\s*'
_VALUE_WORDS = rb'"(?i:values?|val|v|data|content)"\s*:\s*'
PAIR = rb"(?:[\[,]\s*\[\s*|" + _KEY_WORDS + rb')"(' + _NAME + rb')"\s*,\s*(?:' + _VALUE_WORDS + rb")?" + _UNFILTERED
"""A list of name and value, or an object that holds both: headers, tags, cookies, attributes of OTLP."""
REVERSED = (
    _VALUE_WORDS
    + rb"("
    + _STRING
    + rb"|[-0-9.eE+]+|\{[^{}]*\}|\[[^\[\]]*\])\s*,\s*"
    + _KEY_WORDS
    + rb'"('
    + _NAME
    + rb')"'
)
"""The same, value first."""

_LOOSE = rb"(?i:(?:" + STEMS_ANYWHERE.encode() + rb')[^"\\]*|(?:' + STEMS_LAST.encode() + rb')[0-9]*)"\s*'
MEMBER_SCREEN = (
    _LOOSE + rb":\s*" + _UNFILTERED + rb"|(?:\[\s*|" + _KEY_WORDS + rb')"[^"\\]*' + _LOOSE
    + rb"(?:,\s*(?:" + _VALUE_WORDS + rb")?" + _UNFILTERED + rb"|\})"
)  # fmt: skip
"""Finds something wherever one of the three above does and the name is the last member or stands before the value."""

_TEXT_NAME = (
    rb"([A-Za-z0-9_.-]*(?i:" + STEMS_ANYWHERE.encode() + rb")[A-Za-z0-9_.-]*"
    rb"|[A-Za-z0-9_.-]*(?i:" + STEMS_LAST.encode() + rb")[0-9]{0,3}|(?i:x-amz-|x-goog-)?(?i:signature|credential|sig))"
)
QUOTED = (
    _TEXT_NAME + rb"(?:'|\\+\"|%22)?\s{0,3}(?::|=>?|%3A)\s{0,3}[urbf]{0,2}"
    rb"(?:'((?:[^'\"\\]|\\.)*)'|\\+\"((?:[^\"\\]|\\+[^\"\\])*)\\+\"|%22([^\"\s%]*)%22)"
)
"""`'name': 'value'` of a printed dictionary, `\\"name\\": \\"value\\"` of JSON within JSON."""
BARE = _TEXT_NAME + rb"(=|: ?|%3D)(\[?(?:[^\s\"'&,;)}\]\\<>({]|\\\\)+)"
"""`name=value` of queries, forms, cookies and connection strings, `name: value` of printed headers."""
HEADER = rb"(?i:(?:proxy-)?authorization|(?:set-)?cookie2?)(?:: ?|=)((?:[^\"\\\r\n]|\\[^nr])*)"
"""A printed header whose value has blanks in it, up to the end of its line."""


_SCREENED = (
    rb"(?i:(?:" + STEMS_ANYWHERE.encode() + rb")[A-Za-z0-9_.-]*|(?:" + STEMS_LAST.encode() + rb")[0-9]*"
    rb"|signature|credential|sig)"
)
_LETTER = rb"[^\s\"'&,;)}\]\\<>({]"
QUOTED_SCREEN = _SCREENED + rb"(?:'|\\+\"|%22)?\s{0,3}(?::|=>?|%3A)\s{0,3}[urbf]{0,2}(?:'|\\+\"|%22)"
BARE_SCREEN = (
    _SCREENED + rb"(?:(?:=|%3D)(?:" + _LETTER + rb"|\\\\)|: ?(?:" + _LETTER + rb"*[0-9\\]|" + _LETTER
    + rb"+(?:[\"'&,;)}\]\\<>({]|\s[^A-Za-z]|\z)))"
)  # fmt: skip
HEADER_SCREEN = rb"(?i:authorization|cookie2?)(?:: ?|=)[^\"]"
"""Each finds something wherever its namesake does that is more than the next word of a sentence."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[{}\[\]]', re.DOTALL)
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_JSON_NUMBER = re.compile(rb"-?[0-9.eE+-]+")
_NOTHING_SECRET = frozenset(
    {
        b"none",
        b"null",
        b"nil",
        b"true",
        b"false",
        b"undefined",
        b"[filtered]",
        b"[filtered",
        b"%5bfiltered%5d",
        b"[redacted]",
        b"nan",
        b"%s",
        b"%r",
        b"self",
    }
)
_VERSION = re.compile(rb'"v?[0-9]{1,5}(?:\.[0-9]{1,8}){1,3}(?:[-+.][0-9A-Za-z.+-]{1,30})?"')
_NOTE = re.compile(rb'\{\s*""\s*:')
"""The empty name under which `_meta` says what Relay or a client changed in a field."""
_SIGNATURES = frozenset({b"signature", b"sig", b"x-amz-signature", b"x-goog-signature"})
_FILTERED_JSON = b'"' + FILTERED.encode() + b'"'
_FILTERED_TEXT = FILTERED.encode()


def member_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield what to replace below secret names of members and pairs, in no order; they may overlap."""
    for pattern in (MEMBER, PAIR):
        done = 0
        for match in compiled(pattern).finditer(text):
            if match.start() >= done and secret(_name(match.group(1))):
                start = _value_start(match)
                end = _value_end(text, start)
                done = end
                if not _is_harmless(match.group(1), text[start:end]):
                    yield from _filtered(text, start, end)
    for match in compiled(REVERSED).finditer(text):
        if secret(_name(match.group(2))):
            yield from _filtered(text, *match.span(1))


def header_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the values of printed headers."""
    for match in compiled(HEADER).finditer(text):
        start, end = match.span(1)
        if end > start and text[start:end].strip() != _FILTERED_TEXT and secret("cookie") and _is_line(text, match):
            yield start, end, _FILTERED_TEXT


def quoted_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the values in quotation marks that stand after secret names within texts."""
    for match in compiled(QUOTED).finditer(text):
        if secret(_name_in_text(text, match)):
            group = next((g for g in (2, 3, 4) if match.group(g)), 0)
            if group and match.group(group).lower() not in _NOTHING_SECRET:
                yield *match.span(group), _FILTERED_TEXT


def bare_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the values that stand bare after secret names within texts."""
    for match in compiled(BARE).finditer(text):
        sure = 2 if _is_signature(text, match) else secret(_name_in_text(text, match))
        if sure and _is_bare_secret(text, match, sure):
            yield *match.span(3), _FILTERED_TEXT


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _name_in_text(text: bytes, match: Any) -> str:
    start, end = match.span(1)
    return _name(text[after_escape(text, start) : end])


def _is_harmless(name: bytes, value: bytes) -> bool:
    """Tell the version of a package called `x.Cookies`, a shell's working directory and Relay's notes on a field."""
    if _VERSION.fullmatch(value):
        return not name.isalnum()
    return _NOTE.match(value) is not None or (name in {b"PWD", b"OLDPWD"} and value[:2] == b'"/')


def _is_signature(text: bytes, match: Any) -> bool:
    """Tell whether a match is the signature in a signed URL; elsewhere the word means other things."""
    start = match.start()
    if match.group(1).lower() not in _SIGNATURES or match.group(2) != b"=":
        return False
    return text[start - 1 : start] in {b"?", b"&"}


def _is_line(text: bytes, match: Any) -> bool:
    """Tell whether a header stands alone: at the beginning of a line or after a blank, not within a longer name."""
    before = text[match.start() - 1 : match.start()]
    return not before.isalnum() or text[match.start() - 2 : match.start() - 1] == b"\\"


def _is_bare_secret(text: bytes, match: Any, sure: int) -> bool:
    """Tell a value from the rest of a sentence (`token: unexpected end`) or of a line of source (`token=load()`)."""
    name, sign, value = match.groups()
    end = match.end()
    after = text[end : end + 1]
    word = value.lower()
    if (
        value[:1] == b":"
        or word in _NOTHING_SECRET
        or word == name.lower()
        or not word.strip(b"*x.")
        or after in {b"(", b"{"}
    ):
        return False
    if value[:1] in {b"$", b"%", b"*", b":", b"="} and sign == b"=":
        return value[:2] not in {b"$(", b"%(", b"%s", b"=="} and len(value) > 3 and value[:1] != b"="
    if sign in {b"=", b"%3D"}:
        return True
    if any(48 <= c <= 57 for c in value):
        return True
    return sure == 2 and len(value) >= 4 and not (after == b" " and text[end + 1 : end + 2].isalpha())


def _value_start(match: Any) -> int:
    """Return where the value begins: the match reaches a few letters into it, to see that it is not filtered."""
    found = match.group()
    at = match.end(1) - match.start() + 1  # behind the name's quotation mark
    rest = _AFTER_NAME.match(found, at)
    return int(match.start() + (rest.end() if rest else at))


_AFTER_NAME = re.compile(rb'\s*[:,]\s*(?:"(?i:values?|val|v|data|content)"\s*:\s*)?')


def _value_end(text: bytes, start: int) -> int:
    """Return where a JSON value ends; the end of the text when it is cut off."""
    first = text[start : start + 1]
    if first == b'"':
        found = _JSON_STRING.match(text, start)
        return found.end() if found else len(text)
    if first not in {b"{", b"["}:
        number = _JSON_NUMBER.match(text, start)
        return number.end() if number else start
    depth = 0
    for token in _TOKENS.finditer(text, start):
        letter = token.group()
        if letter in {b"{", b"["}:
            depth += 1
        elif letter in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)


def _filtered(text: bytes, start: int, end: int) -> Iterator[Splice]:
    """Yield the replacement of one value; of an object or list, that of everything below it."""
    value = text[start:end]
    if value[:1] not in {b"{", b"["}:
        if value not in {_FILTERED_JSON, b'""'}:
            yield start, end, _FILTERED_JSON
        return
    try:
        decoded = decode_json(value).value
    except InvalidItem:
        yield start, end, _FILTERED_JSON
        return
    filtered = filter_leaves(decoded)
    if filtered != decoded:
        yield start, end, encode_json(filtered)


def filter_leaves(value: Any) -> Any:
    """Return decoded data with every text and number filtered; names, truth values and nulls stay."""
    if isinstance(value, dict):
        typed = "value" in value and value.keys() <= {"value", "type", "unit"}
        return {k: v if typed and k != "value" else filter_leaves(v) for k, v in value.items()}
    if isinstance(value, list):
        if len(value) > 0 and all(isinstance(e, list) and len(e) == 2 and isinstance(e[0], str) for e in value):
            return [[e[0], filter_leaves(e[1])] for e in value]
        return [filter_leaves(v) for v in value]
    return value if value is None or value == "" or isinstance(value, bool) else FILTERED


@dataclass(frozen=True, slots=True)
class NameRule:
    """A rule about names.

    Attributes:
        remark: what it leaves on a row.
        screen: RE2 that finds something wherever the rule does.
        splices: gives what to replace in a text.
    """

    remark: str
    screen: bytes
    splices: Callable[[bytes, IsSecret], Iterator[Splice]]


MEMBER_RULES: dict[str, NameRule] = {
    "member": NameRule("scrubbed:member", MEMBER_SCREEN, member_splices),
    "header": NameRule("scrubbed:text", HEADER_SCREEN, header_splices),
    "quoted": NameRule("scrubbed:text", QUOTED_SCREEN, quoted_splices),
    "bare": NameRule("scrubbed:text", BARE_SCREEN, bare_splices),
}
"""In the order they are tried."""
