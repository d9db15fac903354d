r"""Backslashes in search values.

A backslash before a quote keeps the quote inside quoted text; a star preceded by an odd number of backslashes is
literal. Everywhere else a backslash is an ordinary character, so that `C:\path` needs no care. Within a run of
backslashes before a quote or a literal star, each pair stands for one backslash.
"""

from __future__ import annotations

import re

_RUN_BEFORE_QUOTE = re.compile(r'(\\+)(?="|\Z)')
_RUN_BEFORE_STAR = re.compile(r"(\\+)\*")
_STAR = re.compile(r"(\\*)\*")
_QUOTE_OR_END = re.compile(r'(\\*)("|\Z)')


def has_wildcard(text: str) -> bool:
    """Return whether `text` holds a star that is not literal."""
    return any(len(run[1]) % 2 == 0 for run in _STAR.finditer(text))


def unquote(text: str) -> str:
    """Return what stands between quotes without the escapes that kept it there."""
    if "\\" not in text:
        return text
    return _halve_runs(text, end=True)


def unescape_bare(text: str) -> str:
    """Return unquoted text with its escaped quotes plain."""
    if '"' not in text:
        return text
    return _halve_runs(text, end=False)


def _halve_runs(text: str, *, end: bool) -> str:
    def halve(run: re.Match[str]) -> str:
        if run.end() == len(text) and not end:
            return run[1]
        return "\\" * (len(run[1]) // 2)

    return _RUN_BEFORE_QUOTE.sub(halve, text)


def quote(text: str) -> str:
    """Return `text` between quotes, so that `unquote` gives it back."""
    inner = _QUOTE_OR_END.sub(lambda m: m[1] * 2 + ('\\"' if m[2] else ""), text)
    return f'"{inner}"'


def escape_bare(text: str) -> str:
    """Return text that needs no quotes with its own quotes escaped; the reverse of `unescape_bare`."""
    return re.sub(r'(\\*)"', lambda m: m[1] * 2 + '\\"', text)


def unescape_stars(text: str) -> str:
    """Return text whose stars are all literal with the stars plain."""
    return _RUN_BEFORE_STAR.sub(lambda m: "\\" * (len(m[1]) // 2) + "*", text)


def escape_stars(text: str) -> str:
    """Return `text` with every star literal; the reverse of `unescape_stars`."""
    return _STAR.sub(lambda m: m[1] * 2 + "\\*", text)
