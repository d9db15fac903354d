"""Tree to canonical text: the form under which queries are cached, compared and shown.

`parse(print_query(tree)) == tree` for every tree that `parse` can return, so printing what was parsed from printed
text changes nothing. Shorthand is written out (`3k` as `3000`), units are the largest that fit, defaults are left out.
"""

from __future__ import annotations

from typing import assert_never

from queries import ast
from queries.parser.source import trailing_time
from queries.parser.words import SOURCE_WORDS
from queries.printer_expressions import print_expression
from queries.printer_search import edge_words, print_search
from queries.printer_stages import print_stage as print_stage_with
from queries.printer_values import print_duration, print_instant, print_relative

__all__ = ["print_expression", "print_query", "print_search", "print_stage"]


def print_stage(stage: ast.Stage) -> str:
    """Return the canonical text of one stage, without its pipe."""
    return print_stage_with(stage, _pipeline)


def print_query(query: ast.Query) -> str:
    """Return the canonical text of a query."""
    lets = [f"let {binding.name} = {_let_value(binding.value)};" for binding in query.lets]
    pipeline = _pipeline(query.pipeline)
    return " ".join([*lets, pipeline] if pipeline else lets)


def _let_value(value: ast.Pipeline | ast.Expr) -> str:
    if isinstance(value, ast.Pipeline):
        return _pipeline(value)
    text = print_expression(value)
    # A value that begins with `from` would be read as a pipeline.
    return f"({text})" if text[:4].lower() == "from" else text


def _pipeline(pipeline: ast.Pipeline) -> str:
    head: list[str] = []
    if pipeline.source is not None:
        head.append(_source(pipeline.source))
    if pipeline.search is not None and pipeline.search.root is not None:
        head.append(_guarded_search(pipeline.search, has_source=pipeline.source is not None))
    return " | ".join(
        [
            *([" ".join(head)] if head else [""] * bool(pipeline.stages)),
            *map(print_stage, pipeline.stages),
        ]
    ).lstrip()


def _guarded_search(search: ast.Search, *, has_source: bool) -> str:
    """Return a search with words in parentheses where they would be read as a source or a time range."""
    text = _guard_start(search, print_search(search))
    words = None if search.root is None else edge_words(search.root, last=True)
    if not has_source or words is None or not text.endswith(words.text) or trailing_time(text, 0, len(text)) is None:
        return text
    return f"{text[: -len(words.text)]}({words.text})"


def _guard_start(search: ast.Search, text: str) -> str:
    words = None if search.root is None else edge_words(search.root, last=False)
    if words is None or words.text.split(maxsplit=1)[0].lower() not in SOURCE_WORDS or not text.startswith(words.text):
        return text
    return f"({words.text}){text[len(words.text) :]}"


def _source(source: ast.Source) -> str:
    names = ", ".join(name.name for name in source.names)
    match source.time:
        case None:
            return f"from {names}"
        case ast.Last():
            return f"from {names} last {print_duration(source.time.duration.ns)}"
        case ast.Between():
            return f"from {names} between {_moment(source.time.start)} and {_moment(source.time.end)}"
        case ast.At():
            instant = source.time.instant
            return f"from {names} at {print_instant(instant.at, whole_day=instant.whole_day)}"
        case _:
            assert_never(source.time)


def _moment(moment: ast.Instant | ast.RelativeInstant) -> str:
    if isinstance(moment, ast.Instant):
        return print_instant(moment.at, whole_day=moment.whole_day)
    return "now" if moment.ns == 0 else print_relative(moment.ns)
