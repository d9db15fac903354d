"""One function for each stage; each leaves the lexer at the token after the stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from queries import ast
from queries.errors import SyntaxProblem
from queries.lexer import Lex, Lexeme, Lexer, unescape_string
from queries.parser import analyses
from queries.parser.clauses import at_end, by_expression, by_keys, choice, clauses, count, duration, expect
from queries.parser.expressions import ExpressionParser, unexpected
from queries.parser.literals import number_literal
from queries.parser.nesting import ReadPipeline, read_join, read_union
from queries.parser.words import STAGES, nearest_stage


def read_stage(lexer: Lexer, read_pipeline: ReadPipeline) -> ast.Stage:
    """Read the stage at the lexer's position.

    Args:
        lexer: stands before the stage's word.
        read_pipeline: reads the pipeline inside parentheses.

    Raises:
        SyntaxProblem: the stage is not known, or not complete.
    """
    word = lexer.stage_word()
    name = word.text.lower()
    if name in _NESTING:
        return _NESTING[name](lexer, word, read_pipeline)
    reader = _READERS.get(name)
    if reader is None:
        raise _no_such_stage(word)
    return reader(lexer, word)


def _no_such_stage(word: Lexeme) -> SyntaxProblem:
    name = word.text.lower()
    available = f"Stages are {', '.join(STAGES)}."
    if not name:
        return SyntaxProblem("A stage must follow the pipe.", span=word.span, suggestion=available)
    near = nearest_stage(name)
    advice = f"Did you mean {near}?" if near else available
    return SyntaxProblem(f"`{word.text}` is not a stage.", span=word.span, suggestion=advice)


def _where(lexer: Lexer, word: Lexeme) -> ast.Stage:
    condition = ExpressionParser(lexer).expression()
    return ast.Where(condition, word.text.lower(), ast.Span(word.start, condition.span.end))


def _extend(lexer: Lexer, word: Lexeme) -> ast.Stage:
    items = ExpressionParser(lexer).named_list()
    for item in items:
        if item.name is None:
            raise SyntaxProblem(
                "`extend` gives each new column a name.", span=item.span, suggestion="Write name = expression."
            )
    return ast.Extend(items, ast.Span(word.start, items[-1].span.end))


def _project(lexer: Lexer, word: Lexeme) -> ast.Stage:
    items = ExpressionParser(lexer).named_list()
    return ast.Project(items, ast.Span(word.start, items[-1].span.end))


def _summarize(lexer: Lexer, word: Lexeme) -> ast.Stage:
    aggregates = _aggregates(lexer, word)
    keys = by_keys(lexer)
    last = (keys or aggregates)[-1]
    return ast.Summarize(aggregates, keys, ast.Span(word.start, last.span.end))


def _aggregates(lexer: Lexer, word: Lexeme) -> tuple[ast.Named, ...]:
    if lexer.peek.is_word("by", "every") or at_end(lexer):
        raise SyntaxProblem(
            f"`{word.text.lower()}` needs an aggregate.", span=word.span, suggestion="Write one such as n=count()."
        )
    return ExpressionParser(lexer).named_list()


@dataclass(slots=True)
class _Series:
    """Clauses of `make-series` as far as they were read."""

    lexer: Lexer
    every: ast.Duration | ast.Calendar | None = None
    zone: str = ""
    by: tuple[ast.Named, ...] = ()
    top: ast.SeriesTop | None = None
    fill: ast.Fill | None = None
    readers: dict[str, Callable[[], int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.readers = {"every": self._every, "by": self._by, "top": self._top, "fill": self._fill}

    def _every(self) -> int:
        token = self.lexer.peek
        if token.is_word(*(unit.value for unit in ast.Calendar)):
            self.every = choice(self.lexer, ast.Calendar)
        else:
            self.every = duration(self.lexer, "5m, or one of day, week, month, quarter, year,")
        end = token.end
        if self.lexer.peek.is_word("in"):
            self.lexer.next()
            zone = self.lexer.peek
            if zone.kind is not Lex.STRING:
                raise unexpected(zone, 'a time zone such as "Europe/Berlin"')
            self.zone = unescape_string(self.lexer.next().text)
            end = zone.end
        return end

    def _by(self) -> int:
        self.by = ExpressionParser(self.lexer).named_list()
        return self.by[-1].span.end

    def _top(self) -> int:
        start = self.lexer.peek.start
        most = count(self.lexer, "top")
        by = by_expression(self.lexer)
        end, other = by.span.end, self.lexer.peek.is_word("other")
        if other:
            end = self.lexer.next().end
        self.top = ast.SeriesTop(most, by, other, ast.Span(start, end))
        return end

    def _fill(self) -> int:
        end = self.lexer.peek.end
        self.fill = choice(self.lexer, ast.Fill)
        return end


def _make_series(lexer: Lexer, word: Lexeme) -> ast.Stage:
    aggregates = _aggregates(lexer, word)
    found = _Series(lexer)
    end = clauses(lexer, found.readers, aggregates[-1].span.end)
    span = ast.Span(word.start, end)
    return ast.MakeSeries(aggregates, found.every, found.by, found.top, found.fill, found.zone, span)


def _sort(lexer: Lexer, word: Lexeme) -> ast.Stage:
    if lexer.peek.is_word("by"):
        raise SyntaxProblem("`sort` takes no `by`.", span=lexer.peek.span, suggestion="Write `sort n desc`.")
    keys = _sort_keys(lexer)
    return ast.Sort(keys, ast.Span(word.start, keys[-1].span.end))


def _sort_keys(lexer: Lexer) -> tuple[ast.SortKey, ...]:
    keys = [_sort_key(lexer)]
    while lexer.peek.is_sign(","):
        lexer.next()
        keys.append(_sort_key(lexer))
    return tuple(keys)


def _sort_key(lexer: Lexer) -> ast.SortKey:
    expr = ExpressionParser(lexer).expression()
    descending, end = _direction(lexer, default=False)
    return ast.SortKey(expr, descending, ast.Span(expr.span.start, end or expr.span.end))


def _direction(lexer: Lexer, *, default: bool) -> tuple[bool, int]:
    """Return whether the order is descending, and where its word ends (0 when there is none)."""
    if not lexer.peek.is_word("asc", "desc"):
        return default, 0
    token = lexer.next()
    return token.is_word("desc"), token.end


def _limit(lexer: Lexer, word: Lexeme) -> ast.Stage:
    end = lexer.peek.end
    return ast.Limit(count(lexer, "limit"), ast.Span(word.start, end))


def _top(lexer: Lexer, word: Lexeme) -> ast.Stage:
    most = count(lexer, "top")
    per: tuple[ast.Named, ...] = ()
    if lexer.peek.is_word("per"):
        lexer.next()
        per = ExpressionParser(lexer).named_list()
    by = by_expression(lexer)
    descending, end = _direction(lexer, default=True)
    end = end or by.span.end
    other = lexer.peek.is_word("other")
    if other:
        end = lexer.next().end
    return ast.Top(most, by, per, descending, other, ast.Span(word.start, end))


def _distinct(lexer: Lexer, word: Lexeme) -> ast.Stage:
    if at_end(lexer):
        return ast.Distinct((), word.span)
    keys = ExpressionParser(lexer).named_list()
    return ast.Distinct(keys, ast.Span(word.start, keys[-1].span.end))


def _sample(lexer: Lexer, word: Lexeme) -> ast.Stage:
    token = lexer.peek
    size = _sample_size(lexer)
    end, seed = token.end, 0
    if lexer.peek.is_word("seed"):
        lexer.next()
        end = lexer.peek.end
        seed = count(lexer, "seed")
    return ast.Sample(size, seed, ast.Span(word.start, end))


def _sample_size(lexer: Lexer) -> ast.Percentage | int:
    token = lexer.peek
    if token.kind is Lex.NUMBER and token.text.endswith("%"):
        share = number_literal(lexer.next())
        assert isinstance(share, ast.Percentage)
        if 0 < share.ratio <= 1:
            return share
        raise SyntaxProblem("A sample is more than 0% and at most 100% of the rows.", span=token.span)
    most = count(lexer, "sample")
    if most < 1:
        raise SyntaxProblem("A sample has at least one row.", span=token.span, suggestion="Write sample 1000.")
    return most


def _share(lexer: Lexer, word: Lexeme) -> ast.Stage:
    of: ast.Expr | None = None
    end = word.end
    if lexer.peek.is_word("of"):
        lexer.next()
        of = ExpressionParser(lexer).expression()
        end = of.span.end
    keys = by_keys(lexer)
    return ast.Share(of, keys, ast.Span(word.start, keys[-1].span.end if keys else end))


def _window(lexer: Lexer, word: Lexeme) -> ast.Stage:
    made = ExpressionParser(lexer).named()
    if made.name is None or not isinstance(made.expr, ast.Call):
        raise SyntaxProblem(
            "`window` gives a window function a name.",
            span=made.span,
            suggestion="Write window before = lag(n) sort timestamp.",
        )
    by = by_keys(lexer)
    expect(lexer, "sort", "`sort` and the order of the rows")
    keys = _sort_keys(lexer)
    span = ast.Span(word.start, keys[-1].span.end)
    return ast.Window(made.name, made.expr.name, made.expr.args, by, keys, span)


_READERS: Mapping[str, Callable[[Lexer, Lexeme], ast.Stage]] = {
    "where": _where,
    "having": _where,
    "extend": _extend,
    "project": _project,
    "summarize": _summarize,
    "make-series": _make_series,
    "sort": _sort,
    "limit": _limit,
    "top": _top,
    "distinct": _distinct,
    "sample": _sample,
    "share": _share,
    "window": _window,
    **analyses.READERS,
}
_NESTING: Mapping[str, Callable[[Lexer, Lexeme, ReadPipeline], ast.Stage]] = {"join": read_join, "union": read_union}
