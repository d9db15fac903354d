r"""What changes from message to message: regular expressions for the engine (RE2) and for Python alike.

Masking finds more of a message's template than any clustering after it (He et al., Drain, ICWS 2017, section III-A;
Khan et al., Guidelines for assessing the accuracy of log message template identification techniques, ICSE 2022, names
the kinds: numbers, amounts with units, truth values, paths, addresses, values of keys).

Bounded repeats are avoided: RE2 writes each out, and 300 of them make a program whose automaton fits in no cache. What
begins with a letter or digit stands behind one `\b`, so that Python tries it once a word and not at every character.
"""

from __future__ import annotations

import re
from typing import Final

WILDCARD: Final = "<*>"
"""Stands for a part that changes."""

MAX_CHARS: Final = 1_000
"""Of a text; what follows does not tell templates apart."""

_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
_ZONE: Final = r"(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_YEAR: Final = r"(?: \d{4})?"
_UNIT: Final = (
    r"(?:[KMGTPkmgt]i?[Bb]?|[Bb](?:ytes?)?|[kMG]?[Hh]z|[nuµμ]?s|m(?:s(?:ecs?)?|in(?:ute)?s?|illis(?:econds?)?)?"
    r"|s(?:ecs?|econds?)|h(?:rs?|ours?)?|d(?:ays?)?)"
)
_NUMBER: Final = r"\d+(?:[.,:]\d+)*(?:[eE][+-]?\d+)?"
_MIXED: Final = r"\d+(?:[.,:dhm]\d+)*(?:[eE][+-]?\d+)?"
"""A number, or a duration without its last unit, such as the `1h2m3.5` of `1h2m3.5s`."""

_AMOUNT: Final = rf"{_MIXED} ?{_UNIT}\b(?: ?\({_NUMBER} ?{_UNIT}\))?"

_LINE: Final = r"/[^\"\n]*\""
_REQUEST: Final = rf"(:)[\s\v]*\"[A-Z]{{3,8}} {_LINE}([,;)\]}}\n]|$)|\"([A-Z]{{3,8}}) {_LINE}"
"""A line of a request in quotes: its method tells templates apart, unless the line is the value of a key, behind a
colon and up to a comma, a bracket or the end."""

_VALUE: Final = (
    rf"(?:=| = )(?:{_NUMBER} {_UNIT}([\s\v,;)\]]|$)"
    r"|[\w.$]*(?:\{[^{}=\n]*\}|\([^()=\n]*\)|\[[^\[\]=\n]*\])|\"[^\"\n]*\"|'[^'\n]*'"
    r"|[^\s\v=<>,;|&()\[\]{}\"']+)"
)
"""The value of a key: an amount with its unit, in brackets or quotes, or up to what ends it."""

_WORDS: Final = (
    # Links, mail addresses, places in files, machines with a port.
    r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^\s\v\"'<>)\]]|<\*>)+",
    r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+\b",
    r"[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]\w*:\d+\b",
    # Dates with names of months.
    rf"(?:{_DAY},? )?(?:{_MONTH} {{1,2}}\d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? \d{{4}})?(?:,? {_CLOCK})?{_ZONE}{_YEAR}\b",
    # Truth values, nothing.
    r"(?:[tT]rue|TRUE|[fF]alse|FALSE|null|NULL)\b",
    r"[a-zA-Z]:\\[^\s\v\"']+",
    # Digests that name their algorithm.
    r"(?:[sS][hH][aA]|[mM][dD])-?\d+:[\w+/-]+(?::[\w+/-]+)*=*",
    # UUIDs, network and hardware addresses; a network address with `::` begins with a digit or as a reserved one.
    r"(?:\d[0-9a-fA-F]{0,3}|[fF][c-fC-F][0-9a-fA-F]{2}):(?:[0-9a-fA-F]+:)*:(?:[0-9a-fA-F]+(?::[0-9a-fA-F]+)*)?(?:%\w+)?",
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    r"(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}\b",
    r"(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b",
    # Dates, network addresses.
    rf"\d{{1,2}}/(?:{_MONTH}|\d{{1,2}})/\d{{2,4}}(?:[: ]{_CLOCK})?{_ZONE}\b",
    rf"\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}(?:[T _]{_CLOCK}{_ZONE})?\b",
    r"\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?\b",
    # Hexadecimal numbers; without a prefix of eight digits or more. Amounts, numbers.
    r"0[xX][0-9a-fA-F]+\b",
    _AMOUNT,
    r"[0-9a-f]{8,}\b|[0-9A-F]{8,}\b",
    rf"{_NUMBER}%?",
)

_WITHIN_NONE: Final = (
    r"'[^'\n]*'\B",
    # Network addresses that begin with zeros.
    r"::(?:[0-9a-fA-F]+:)*\d[0-9a-fA-F.:]*\b",
    # Paths of two and more parts.
    r"(?:/[\w.@%+~=-]+){2,}/?",
    # Amounts and numbers with a sign.
    rf"[<>~+-]{_AMOUNT}",
    rf"[+-]{_NUMBER}%?",
)
"""What begins with a sign that no word goes on with."""

_PARTS: Final = (
    rf"\b(?:{'|'.join(_WORDS)})",
    # What stands in quotes; an apostrophe within a word is none.
    r"\"[^\"\n]*\"",
    rf"\B(?:{'|'.join(_WITHIN_NONE)})",
    # Numbers at the end of a word, longer ones within.
    r"(?:[_-]-?\d+)+\b",
    r"\d{2,}",
)

STEPS: Final = (
    (_REQUEST, rf"\1\3 {WILDCARD}\2"),
    (_VALUE, rf"={WILDCARD}\1"),
    ("|".join(_PARTS), WILDCARD),
)
"""Expressions with what takes the place of their matches, one after the other; in Python with `re.ASCII`, as RE2 reads
them. RE2's blanks are without the vertical tab, so classes name it."""

_REQUESTS, _VALUES, _REST = (re.compile(expression, re.ASCII) for expression, _ in STEPS)
_OF_REQUESTS, _OF_VALUES, _OF_REST = (replacement for _, replacement in STEPS)


def mask(text: str) -> str:
    """Return a text with `<*>` for every part that changes, as the engine does with the same steps."""
    if '"' in text:
        text = _REQUESTS.sub(_OF_REQUESTS, text)
    if "=" in text:
        text = _VALUES.sub(_OF_VALUES, text)
    return _REST.sub(_OF_REST, text)
