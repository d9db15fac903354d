r"""Secrets that only their place tells: parts of URLs, words of command lines, what was typed, seed phrases.

No name stands before them, so most must look random too (`is_random`): an identifier, a slug or a date in the same
place is none. As everywhere here the expressions are RE2 over JSON text; each has a smaller screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from ingest.scrub.members import IsSecret, NameRule
from ingest.scrub.model import FILTERED
from ingest.scrub.substitution import Splice, compiled

_FILTERED = FILTERED.encode()
_REMARK = "scrubbed:place"
_LEAST_CHARS = 20
_LEAST_CHANGES = 4
_LEAST_SHARE = 0.3
_UUID = re.compile(rb"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")

_URL_CHAR = rb"[A-Za-z0-9._~%+=-]"

_CODE = rb"code(?:=|%3D)[A-Za-z0-9._~%+=-]"
CODE = rb"(?:[?&#\"]|%3F|%26)code(?:=|%3D)((?:" + _URL_CHAR + rb"|\\?/){8,1000})"
"""`?code=…` of an OAuth redirect (RFC 6749, 4.1.2)."""
_STATE = re.compile(rb"(?:[?&#\"]|%26|%3F)(?:session_)?state(?:=|%3D)")
_URL_END = re.compile(rb"[\s\"'<>]")
_AROUND = 2048

_USER = rb":\\?/\\?/[A-Za-z0-9._~%+=-]+@"
USER = rb":\\?/\\?/([A-Za-z0-9._~%+=-]{20,255})@([A-Za-z0-9._-]+(?::[0-9]+)?(?:\\?/[0-9]+\b)?)"
"""`https://TOKEN@host`: a token as the user's name."""
_DSN_KEY = re.compile(rb"[0-9a-f]{32}")

_WORDS = (
    rb"(?i:reset|reset[_-]password|password[_-]reset|passwords?|verify|verification|confirm|confirmation|activate|activation"
    rb"|invite|invitation|invitations|unsubscribe|magic|magic[_-]link|token|login|sso|access[_-]token|share[_-]link|webhook)"
)
_PATH = rb"/" + _WORDS + rb"\\?/(?:[A-Za-z0-9_-]{1,40}\\?/)?[A-Za-z0-9_~-]{20}"
PATH = rb"/" + _WORDS + rb"\\?/(?:[A-Za-z0-9_-]{1,40}\\?/)?([A-Za-z0-9_~-]{20,512})"
"""A token as a part of a path, behind a word that says what it opens: `/reset/MTI/bv4a1z-…`."""
_AFTER_TOKEN = frozenset(b"/?#\\\"'&<>;,)] \t")

_MYSQL = rb"(?:mysql|mariadb)(?:dump|admin|import|check|show|pump|slap|-dump|-admin|-import|-check|-show)?"
_GAP = rb"(?:\s{1,4}|\\?\"\s?,\s?\\?\"|',\s?')"
"""What stands between words of a command line, or of a list of arguments."""
_VALUE = rb"(?:'([^'\"\\]+)'|\\\"([^\"\\]+)\\\"|([^\s\"'\\|;&<>]+))"
_OPTIONS: tuple[tuple[bytes, bytes], ...] = (
    (_MYSQL + rb"|7z[ar]?", rb"-p"),
    (rb"sshpass", rb"-p" + _GAP + rb"?"),
    (rb"mongo(?:sh|dump|restore|import|export)?|(?:docker|podman|nerdctl|helm|az|oc) login", rb"-p" + _GAP),
    (rb"(?:redis|keydb|valkey)-cli", rb"-a" + _GAP),
    (rb"ldap(?:search|modify|add|delete|passwd|whoami)", rb"-w" + _GAP),
    (rb"sqlcmd|bcp|(?:un)?zip", rb"-P" + _GAP + rb"?"),
    (rb"plink|pscp|psftp", rb"-pw" + _GAP),
    (rb"smbclient|rpcclient|winexe|net rpc", rb"-U" + _GAP + rb"?[^\s\"'%\\]+%"),
    (rb"openssl", rb"-pass(?:in|out)?" + _GAP + rb"pass:"),
)
"""Commands, and the short option behind which each takes a password; what has another option of the name is none."""
COMMAND = rb"(?:\A|[^A-Za-z0-9_.-])(?:" + rb"|".join(rb"(" + names + rb")" for names, _ in _OPTIONS) + rb")(?:\.exe)?"
_LINE = re.compile(rb"""(?:[^"|;&<>\\]|\\["'\\/]|"\s?,\s?")*""")
_LINE_BYTES = 600
_PASSWORDS = tuple(re.compile(_GAP + option + _VALUE) for _, option in _OPTIONS)
_COMMANDS = (
    rb"(?:mysql|mariadb|sshpass|redis-cli|keydb-cli|valkey-cli|openssl|sqlcmd|smbclient|rpcclient)[a-z-]*[\s\"'.\\]"
    rb"|(?:mongo|ldap)[a-z]*[\s\"'.\\]|\blogin[\s\"',.ex\\]+-"
    rb"|\b(?:7z[ar]?|bcp|plink|pscp|psftp|winexe|net rpc|(?:un)?zip)[\s\"',.ex\\]+[A-Za-z0-9_.\\/-]"
)
_QUOTE = rb"(?:\\+[\"']|'|)"
FIELD = (
    rb"(?i:input|textarea)((?:[.#:][A-Za-z0-9_:-]+|\[(?:[^\[\]\"\\]|\\.){0,200}\])*?)\[value[*^$|~]?="
    + _QUOTE
    + rb"((?:[^\[\]\"'\\]|\\[^\"])+)"
    + _QUOTE
    + rb"\]"
)
"""`input[value="…"]` in the selector of a click: what somebody had typed."""
_FIELD_SCREEN = rb"\[value[*^$|~]?="
_BUTTONS = re.compile(rb"type=\\*[\"']?(?i:radio|checkbox|submit|button|reset|image|range|color)")

TYPED = rb"(?i:<input)((?:[^<>\"\\]|\\.)*)>"
"""An `<input type="password" value="…">` of a page."""
_TYPED = rb"<(?i:input)\s"
_PASSWORD_FIELD = re.compile(rb"type=\\*[\"']?(?i:password)")
_TYPED_VALUE = re.compile(rb"""\bvalue=(?:\\+"((?:[^"\\]|\\[^"])+?)\\+"|'([^'"\\]+)'|([^\s"'\\>]+))""")

PHRASE = rb"(?:[\"'`=:]|\\\")\s?((?:[a-z]{3,8} ){11,23}[a-z]{3,8})(?:[\"'`.,;]|\\)"
"""Twelve to twenty-four words of three to eight letters (BIP-39), and nothing else."""
_PHRASE = rb"[\"'`=:]\s?(?:[a-z]{3,8} ){11}"
_PHRASE_LENGTHS = frozenset({12, 15, 18, 21, 24})
_NOT_IN_PHRASES = frozenset(
    b"the and for with from not are was has had but his her its our their your can could would should when where which "
    b"while into been were does did than them these those more most because after before without".split()
)
"""Words no English sentence of this length does without; the list of BIP-39 has none of them."""


def is_random(word: bytes) -> bool:
    """Tell a token from names, slugs, dates and hashes' names: long, and its letters and digits change all the time.

    Of random letters of both cases and digits six in ten are of another kind than the one before, of a name in camel
    case one in four; a UUID is taken for what it mostly is, the number of something.
    """
    if len(word) < _LEAST_CHARS or _UUID.fullmatch(word):
        return False
    kinds = [_KINDS[letter] for letter in word]
    if _DIGIT not in kinds:
        return False
    changes = sum(1 for a, b in pairwise(kinds) if a != b and a and b)
    both = _UPPER in kinds and _LOWER in kinds
    return changes >= max(_LEAST_CHANGES, _LEAST_SHARE * len(word) if both else 0)


_NONE, _LOWER, _UPPER, _DIGIT = range(4)
_KINDS = bytes(
    _LOWER if 97 <= letter <= 122 else _UPPER if 65 <= letter <= 90 else _DIGIT if 48 <= letter <= 57 else _NONE
    for letter in range(256)
)


def code_splices(text: bytes, _: IsSecret) -> Iterator[Splice]:
    """Yield codes of OAuth: beside a `state`, or random by their look."""
    for match in compiled(CODE).finditer(text):
        start, end = match.span(1)
        if is_random(text[start:end]) or _has_state(text, match.start(), end):
            yield start, end, _FILTERED


def user_splices(text: bytes, _: IsSecret) -> Iterator[Splice]:
    """Yield users of URLs that are tokens; the key of a DSN is public."""
    for match in compiled(USER).finditer(text):
        dsn = _DSN_KEY.fullmatch(match.group(1)) and b"/" in match.group(2)
        if is_random(match.group(1)) and not dsn:
            yield *match.span(1), _FILTERED


def path_splices(text: bytes, _: IsSecret) -> Iterator[Splice]:
    """Yield parts of paths that are tokens; a name of a file is none."""
    for match in compiled(PATH).finditer(text):
        start, end = match.span(1)
        if is_random(text[start:end]) and (end == len(text) or text[end] in _AFTER_TOKEN):
            yield start, end, _FILTERED


def command_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield passwords of command lines."""
    if not secret("password"):
        return
    for match in compiled(COMMAND).finditer(text):
        line = _LINE.match(text, match.end(), match.end() + _LINE_BYTES)
        found = _PASSWORDS[(match.lastindex or 1) - 1].search(text, match.end(), line.end() if line else 0)
        if found is not None and found[found.lastindex or 0] != _FILTERED:
            yield *found.span(found.lastindex or 0), _FILTERED


def field_splices(text: bytes, _: IsSecret) -> Iterator[Splice]:
    """Yield what stood in a field of a form, in a selector; of buttons and choices it is the program's."""
    for match in compiled(FIELD).finditer(text):
        rest = text[match.end() : match.end() + 200].partition(b" ")[0].partition(b'"]')[0]
        if not _BUTTONS.search(match.group(1)) and not _BUTTONS.search(rest) and match.group(2) != _FILTERED:
            yield *match.span(2), _FILTERED


def typed_splices(text: bytes, secret: IsSecret) -> Iterator[Splice]:
    """Yield the values of password fields in HTML."""
    if not secret("password"):
        return
    for match in compiled(TYPED).finditer(text):
        if _PASSWORD_FIELD.search(match.group(1)):
            for value in _TYPED_VALUE.finditer(text, *match.span(1)):
                start, end = value.span(value.lastindex or 0)
                if text[start:end] != _FILTERED:
                    yield start, end, _FILTERED


def phrase_splices(text: bytes, _: IsSecret) -> Iterator[Splice]:
    """Yield what has the form of a seed phrase: so many words, none that sentences need, no two that begin alike."""
    for match in compiled(PHRASE).finditer(text):
        words = match.group(1).split(b" ")
        beginnings = {word[:4]: word for word in words}
        alike = any(beginnings[word[:4]] != word for word in words)
        if len(words) in _PHRASE_LENGTHS and not alike and not _NOT_IN_PHRASES.intersection(words):
            yield *match.span(1), _FILTERED


def _has_state(text: bytes, start: int, end: int) -> bool:
    """Tell whether the URL or query around a place has a parameter `state`."""
    before = text[max(0, start - _AROUND) : start + 1]
    begin = max((found.end() for found in _URL_END.finditer(before[:-1])), default=0)
    after = text[end : end + _AROUND]
    stop = _URL_END.search(after)
    around = before[max(0, begin - 1) :] + b"&" + after[: stop.start() if stop else len(after)]
    return _STATE.search(around) is not None


def _rule(screen: bytes, splices: Callable[[bytes, IsSecret], Iterator[Any]]) -> NameRule:
    return NameRule(_REMARK, screen, splices)


PLACE_RULES: dict[str, NameRule] = {
    "oauth_code": _rule(_CODE, code_splices),
    "url_user": _rule(_USER, user_splices),
    "url_path": _rule(_PATH, path_splices),
    "command": _rule(_COMMANDS, command_splices),
    "field": _rule(_FIELD_SCREEN, field_splices),
    "typed": _rule(_TYPED, typed_splices),
    "phrase": _rule(_PHRASE, phrase_splices),
}
"""In the order they are tried."""
