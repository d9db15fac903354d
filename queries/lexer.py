"""Tokens of the expressions and stages of a pipe query, read on demand from one text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from queries.ast import Span
from queries.errors import SyntaxProblem
from queries.search.config import SearchConfig
from queries.search.keys import read_fence


class Lex(Enum):
    """Kinds of lexical tokens."""

    WORD = "word"
    PARAMETER = "parameter"
    NUMBER = "number"
    TIME = "time"
    STRING = "string"
    SEARCH = "backticked search"
    SIGN = "sign"
    END = "end of the text"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One lexical token; `text` is as written, with the backticks or quotes of a search or string left out."""

    kind: Lex
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Return the place of the token."""
        return Span(self.start, self.end)

    def is_word(self, *words: str) -> bool:
        """Return whether this is one of `words`, in any case."""
        return self.kind is Lex.WORD and self.text.lower() in words

    def is_sign(self, *signs: str) -> bool:
        """Return whether this is one of `signs`."""
        return self.kind is Lex.SIGN and self.text in signs


IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*+(?:\.[A-Za-z0-9_]++)*+"

_BLANKS = re.compile(r"[ \t\r\n]*+")
_LEXEME = re.compile(
    rf"""
      (?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,6}}+)?)?)?
         (?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?(?![A-Za-z0-9_.]))
    | (?P<number>[0-9]++(?:\.[0-9]++)?(?:[A-Za-z_][A-Za-z0-9_]*+|%(?![A-Za-z0-9_("'`]))?)
    | (?P<word>{IDENTIFIER})
    | (?P<parameter>\$[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<string>"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+')
    | (?P<sign>=~|==|!=|!>|<=|>=|<>|&&|\|\||->|=>|[-=<>+*/%()\[\],?:;|!])
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "time": Lex.TIME,
    "number": Lex.NUMBER,
    "word": Lex.WORD,
    "parameter": Lex.PARAMETER,
    "string": Lex.STRING,
    "sign": Lex.SIGN,
}
_STAGE_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*+(?:-[A-Za-z][A-Za-z0-9_]*+)*+")


class Lexer:
    """A position in a text and the token there.

    Attributes:
        text: the whole query.
        end: reading stops here.
        config: types of keys for the searches in backticks.
        peek: the token at the current position.
        before: where the last token that was taken by `next` ends.
    """

    __slots__ = ("_position", "before", "config", "end", "peek", "text")

    def __init__(self, text: str, position: int, end: int, config: SearchConfig) -> None:
        self.text = text
        self.end = end
        self.config = config
        self._position = position
        self.before = position
        self.peek = self._read(position)

    def next(self) -> Lexeme:
        """Return the current token and go on to the following one."""
        token = self.peek
        self.before = token.end
        self.move(token.end)
        return token

    def move(self, position: int) -> None:
        """Go on reading at `position`."""
        self._position = position
        self.peek = self._read(position)

    def after_peek(self) -> Lexeme:
        """Return the token after the current one."""
        return self._read(self.peek.end)

    def stage_word(self) -> Lexeme:
        """Return the word at the current position, hyphens included, and go on; an empty word when there is none."""
        match = _STAGE_WORD.match(self.text, self.peek.start, self.end)
        if match is None:
            return Lexeme(Lex.WORD, "", self.peek.start, self.peek.start)
        self.move(match.end())
        return Lexeme(Lex.WORD, match[0], match.start(), match.end())

    def _read(self, position: int) -> Lexeme:
        blanks = _BLANKS.match(self.text, position, self.end)
        start = blanks.end() if blanks else position
        if start >= self.end:
            return Lexeme(Lex.END, "", self.end, self.end)
        if self.text[start] == "`":
            return self._read_search(start)
        match = _LEXEME.match(self.text, start, self.end)
        if match is None or match.lastgroup is None:
            raise self._unreadable(start)
        text = match[0][1:-1] if match.lastgroup == "string" else match[0]
        return Lexeme(_KINDS[match.lastgroup], text, start, match.end())

    def _read_search(self, start: int) -> Lexeme:
        inner = read_fence(self.text, start, self.end)
        if inner is None:
            raise SyntaxProblem(
                "This backtick opens a search that is never closed.",
                span=Span(start, start + 1),
                suggestion="Add a closing backtick.",
            )
        length = inner[0] - start
        return Lexeme(Lex.SEARCH, self.text[inner[0] : inner[1]], start, inner[1] + length)

    def _unreadable(self, start: int) -> SyntaxProblem:
        character = self.text[start]
        span = Span(start, start + 1)
        if character in "\"'":
            return SyntaxProblem("This quote is never closed.", span=span, suggestion=f"Add {character} at the end.")
        return SyntaxProblem(
            f"{character!r} has no meaning here.",
            span=span,
            suggestion='Names with other characters are written field("a-b"), text in quotes.',
        )


_ESCAPE = re.compile(r"""\\(["'\\ntr])""")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_WRITTEN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def unescape_string(text: str) -> str:
    """Return what a quoted string means; a backslash before any other character stays, as patterns need it."""
    return _ESCAPE.sub(lambda m: _PLAIN.get(m[1], m[1]), text) if "\\" in text else text


def quote_string(text: str) -> str:
    """Return `text` as a quoted string."""
    return '"' + "".join(_WRITTEN.get(character, character) for character in text) + '"'
