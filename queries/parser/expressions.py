"""Expressions: precedence climbing over `? :`, or, and, not, comparisons, + -, * / %, unary minus, [ ]."""

from __future__ import annotations

import datetime as dt
import re

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import IDENTIFIER, Lex, Lexeme, Lexer
from queries.parser.literals import number_literal, string_literal, time_literal
from queries.search.reader import make_reader
from queries.search.tree import read_search

MAX_NESTING = 32
"""Parentheses, brackets and calls nest this deep at most."""
MAX_HEIGHT = 120
"""Operators one below the other in the tree; every consumer of the tree may recurse this far."""

OPERATOR_WORDS = frozenset({"and", "or", "not", "in", "contains"})
CONSTANTS = frozenset({"true", "false", "null"})
STRUCTURE_WORDS = frozenset({"asc", "by", "desc", "every", "fill", "other", "per", "top"})
RESERVED = OPERATOR_WORDS | CONSTANTS | STRUCTURE_WORDS
"""Words that are not names; a field called so is written `field("by")`."""

OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, POSTFIX = range(1, 9)
"""Binding strengths, weakest first; 0 is `? :`."""

BINARY_STRENGTH = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "contains", "=~"), COMPARISON),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
}
_OTHER_SPELLINGS = {"&&": "and", "||": "or", "!": "not", "<>": "!="}
_HINTS = {
    "as": "A column is named before its value: name = expression.",
    "ascending": "Write asc.",
    "descending": "Write desc.",
    "group": "Write by.",
    "groupby": "Write by.",
    "is": "Write = null or != null.",
    "like": 'Write contains "…" or =~ "pattern".',
    "matches": 'Write =~ "pattern".',
    "order": "Write | sort.",
}
"""What people used to other languages write in places where nothing of the kind can stand."""
_FIELD_TARGET = re.compile(r'field\(\s*"(?:\\.|[^"\\])*+"\s*\)\s*=(?![=~])', re.DOTALL)
_IDENTIFIER = re.compile(IDENTIFIER)
_FAR_FUTURE = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class ExpressionParser:
    """Reads expressions from a lexer; each method leaves it at the first token it did not use."""

    __slots__ = ("_height", "_nesting", "lexer")

    def __init__(self, lexer: Lexer) -> None:
        self.lexer = lexer
        self._height = 0
        self._nesting = 0

    def expression(self) -> ast.Expr:
        """Read a whole expression.

        Raises:
            SyntaxProblem: at the first token that does not fit.
        """
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise SyntaxProblem(f"An expression nests deeper than {MAX_NESTING} levels.", span=self.lexer.peek.span)
        test = self._binary(OR)
        if self.lexer.peek.is_sign("?"):
            test = self._conditional(test)
        self._nesting -= 1
        return test

    def named(self) -> ast.Named:
        """Read `expr` or `name = expr`."""
        start = self.lexer.peek.start
        name = self._target()
        expr = self.expression()
        return ast.Named(name, expr, ast.Span(start, expr.span.end))

    def named_list(self) -> tuple[ast.Named, ...]:
        """Read one or more named expressions between commas."""
        items = [self.named()]
        while self.lexer.peek.is_sign(","):
            self.lexer.next()
            items.append(self.named())
        return tuple(items)

    def _target(self) -> str | None:
        token = self.lexer.peek
        quoted = _FIELD_TARGET.match(self.lexer.text, token.start, self.lexer.end)
        if quoted is not None:
            target = self._word()
            self.lexer.next()
            return target.name if isinstance(target, ast.Name) else None
        if token.kind is not Lex.WORD or not self.lexer.after_peek().is_sign("="):
            return None
        if token.text.lower() in RESERVED:
            raise _reserved(token)
        self.lexer.next()
        self.lexer.next()
        return token.text

    def _conditional(self, test: ast.Expr) -> ast.Expr:
        height = self._height
        self.lexer.next()
        then = self.expression()
        height = max(height, self._height)
        if not self.lexer.peek.is_sign(":"):
            raise unexpected(self.lexer.peek, "`:` and the value for the other case")
        self.lexer.next()
        otherwise = self.expression()
        self._grow(max(height, self._height), otherwise.span)
        return ast.Conditional(test, then, otherwise, ast.Span(test.span.start, otherwise.span.end))

    def _grow(self, below: int, span: ast.Span) -> None:
        self._height = below + 1
        if self._height > MAX_HEIGHT:
            raise SyntaxProblem(
                f"An expression chains more than {MAX_HEIGHT} operators.",
                span=span,
                suggestion="Use `in [...]`, or split it over `extend` stages.",
            )

    def _binary(self, weakest: int) -> ast.Expr:
        left = self._prefix()
        compared = False
        while True:
            token = self.lexer.peek
            operator = self._operator(token)
            strength = COMPARISON if operator in {"in", "not"} else BINARY_STRENGTH.get(operator, 0)
            if strength < weakest or strength == 0:
                return left
            if strength == COMPARISON and compared:
                raise SyntaxProblem(
                    "Comparisons do not chain.", span=token.span, suggestion="Join them with `and`, or use parentheses."
                )
            compared = strength == COMPARISON
            left = self._apply(left, operator, strength)

    def _operator(self, token: Lexeme) -> str:
        """Return the binary operator at the current token, or an empty string."""
        if token.kind is Lex.SIGN:
            if token.text in _OTHER_SPELLINGS:
                meant = _OTHER_SPELLINGS[token.text]
                raise SyntaxProblem(f"`{token.text}` is written `{meant}` here.", span=token.span, suggestion=meant)
            return "=" if token.text == "==" else token.text
        if token.kind is not Lex.WORD:
            return ""
        word = token.text.lower()
        if word == "not":
            return word if self.lexer.after_peek().is_word("in", "contains") else ""
        return word if word in OPERATOR_WORDS else ""

    def _apply(self, left: ast.Expr, operator: str, strength: int) -> ast.Expr:
        height = self._height
        self.lexer.next()
        negated = operator == "not"
        if negated:
            operator = self.lexer.next().text.lower()
        if operator == "in":
            return self._in_list(left, negated=negated)
        right = self._binary(strength + 1)
        span = ast.Span(left.span.start, right.span.end)
        self._grow(max(height, self._height), span)
        node = ast.Binary(operator, left, right, span)
        return ast.Unary("not", node, span) if negated else node

    def _in_list(self, operand: ast.Expr, *, negated: bool) -> ast.Expr:
        height = self._height
        if not self.lexer.peek.is_sign("["):
            raise unexpected(self.lexer.peek, "a list such as [1, 2]")
        opening = self.lexer.next()
        items, end = self._arguments("]", opening)
        if not items:
            raise SyntaxProblem("A list must not be empty.", span=ast.Span(opening.start, end))
        span = ast.Span(operand.span.start, end)
        self._grow(max(height, self._height), span)
        return ast.InList(operand, items, negated, span)

    def _prefix(self) -> ast.Expr:
        token = self.lexer.peek
        if token.is_word("not"):
            return self._unary("not", NOT)
        if token.is_sign("-"):
            return self._unary("-", UNARY)
        return self._postfix(self.primary())

    def _unary(self, operator: str, strength: int) -> ast.Expr:
        token = self.lexer.next()
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise SyntaxProblem(f"An expression nests deeper than {MAX_NESTING} levels.", span=token.span)
        operand = self._binary(strength)
        self._nesting -= 1
        span = ast.Span(token.start, operand.span.end)
        self._grow(self._height, span)
        return ast.Unary(operator, operand, span)

    def _postfix(self, base: ast.Expr) -> ast.Expr:
        while self.lexer.peek.is_sign("["):
            height = self._height
            self.lexer.next()
            index = self.expression()
            end = self._close("]")
            span = ast.Span(base.span.start, end)
            self._grow(max(height, self._height), span)
            base = ast.Index(base, index, span)
        return base

    def primary(self) -> ast.Expr:
        """Read a value that stands for itself: a literal, name, call, search, or something in parentheses."""
        token = self.lexer.peek
        self._height = 1
        match token.kind:
            case Lex.NUMBER:
                return number_literal(self.lexer.next())
            case Lex.TIME:
                return time_literal(self.lexer.next().text, token.span)
            case Lex.STRING:
                return string_literal(self.lexer.next())
            case Lex.SEARCH:
                return self._search(self.lexer.next())
            case Lex.WORD:
                return self._word()
            case Lex.PARAMETER:
                return ast.Name(self.lexer.next().text, span=token.span)
            case _:
                return self._parenthesised(token)

    def _parenthesised(self, token: Lexeme) -> ast.Expr:
        if not token.is_sign("("):
            if token.is_sign("!"):
                raise SyntaxProblem("`!` is written `not` here.", span=token.span, suggestion="not")
            raise unexpected(token, "a value")
        self.lexer.next()
        inner = self.expression()
        self._close(")")
        return inner

    def _word(self) -> ast.Expr:
        token = self.lexer.next()
        word = token.text.lower()
        if word in CONSTANTS:
            return ast.Null(token.span) if word == "null" else ast.Boolean(word == "true", token.span)
        if self.lexer.peek.is_sign("(") and word not in {"and", "or", "in"}:
            return self._call(token)
        if word in RESERVED:
            raise _reserved(token)
        return ast.Name(token.text, False, token.span)

    def _call(self, name: Lexeme) -> ast.Expr:
        opening = self.lexer.next()
        if self.lexer.peek.is_sign("*") and self.lexer.after_peek().is_sign(")"):
            raise SyntaxProblem(
                "A function takes no `*`.", span=self.lexer.peek.span, suggestion=f"Write {name.text}()."
            )
        args, end = self._arguments(")", opening)
        span = ast.Span(name.start, end)
        if name.text.lower() == "field":
            if len(args) == 1 and isinstance(args[0], ast.String) and args[0].value:
                return ast.Name(args[0].value, True, span)
            raise SyntaxProblem("field takes one name in quotes.", span=span, suggestion='field("a-b")')
        self._height += 1
        return ast.Call(name.text, args, span)

    def _arguments(self, closing: str, opening: Lexeme) -> tuple[tuple[ast.Expr, ...], int]:
        items: list[ast.Expr] = []
        height = 0
        if self.lexer.peek.is_sign(closing):
            self._height = 0
            return (), self.lexer.next().end
        while True:
            items.append(self.expression())
            height = max(height, self._height)
            if not self.lexer.peek.is_sign(","):
                break
            self.lexer.next()
        self._height = height
        return tuple(items), self._close(closing, opening)

    def _close(self, sign: str, opening: Lexeme | None = None) -> int:
        if self.lexer.peek.is_sign(sign):
            return self.lexer.next().end
        if opening is not None and self.lexer.peek.kind is Lex.END:
            raise SyntaxProblem(
                f"This `{opening.text}` is never closed.", span=opening.span, suggestion=f"Add `{sign}`."
            )
        raise unexpected(self.lexer.peek, f"`{sign}`")

    def _search(self, token: Lexeme) -> ast.Expr:
        fence = (token.end - token.start - len(token.text)) // 2
        reader = make_reader(self.lexer.text, self.lexer.config, _FAR_FUTURE, end=token.end - fence)
        search, _ = read_search(reader, token.start + fence)
        return ast.SearchExpr(search, token.span)


def unexpected(token: Lexeme, wanted: str) -> SyntaxProblem:
    """Return the error for a token that does not fit."""
    if token.kind is Lex.END:
        return SyntaxProblem(f"The text ends where {wanted} should stand.", span=token.span)
    if token.is_sign(":"):
        return SyntaxProblem(
            "`:` has no meaning in an expression.",
            span=token.span,
            suggestion="Compare with `=`, or put a search in backticks: `level:error`.",
        )
    shown = {Lex.STRING: "This text", Lex.SEARCH: "This search"}.get(token.kind, f"`{token.text}`")
    advice = _HINTS.get(token.text.lower(), "") if token.kind is Lex.WORD else ""
    return SyntaxProblem(f"{shown} stands where {wanted} should stand.", span=token.span, suggestion=advice)


def _reserved(token: Lexeme) -> SyntaxProblem:
    return SyntaxProblem(
        f"`{token.text}` is a word of the language and cannot stand for a value here.",
        span=token.span,
        suggestion=f'A field of that name is written field("{token.text}").',
    )


def is_plain_name(text: str) -> bool:
    """Return whether a name can be written without `field("…")`."""
    return _IDENTIFIER.fullmatch(text) is not None and text.lower() not in RESERVED
