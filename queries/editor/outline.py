"""A text as the parts a visual builder shows, and the text with one part changed: both ways go through the tree.

The builder never puts texts together: it says which part is to be what, and gets the whole text back, printed
canonically. Stages it has no widgets for are parts as well, shown and removed as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, TypeVar, assert_never, get_args

from queries import ast
from queries.errors import QueryError
from queries.parser import parse
from queries.printer import print_query, print_search, print_stage
from queries.printer_expressions import print_named

PartKind: TypeAlias = Literal["term", "aggregate", "key", "every", "sort", "stage"]
KINDS: Final = get_args(PartKind)
"""What can be changed: a term of the search, an aggregate or key of groups, the step of a series, a key of an order,
a stage as a whole."""

_WORD: Final[Mapping[PartKind, str]] = {
    "term": "a filter such as level:error",
    "aggregate": "an aggregate such as count() or p95(span.duration)",
    "key": "a field such as release",
    "every": "a step such as 1h",
    "sort": "a column to sort by, such as n desc",
    "stage": "a stage such as where level = 'error'",
}

Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text.

    Attributes:
        kind: what it is.
        stage: which stage it belongs to, counted from 0; ignored for terms. Groups and orders that do not exist yet
            are made where they belong, whatever stands here.
        place: which of its kind, counted from 0; one more than there are adds one.
    """

    kind: PartKind
    stage: int = 0
    place: int = 0


def outline(text: str) -> dict[str, Any]:
    """Return the parts of a text as JSON.

    `source` and `terms` are of the head; each of `stages` has its `kind` (the word it begins with), its `text` and,
    where it has them, `aggregates`, `by`, `every` (empty without a step of its own) and `sort`; `lets` are their names.

    Raises:
        QueryError: the text cannot be read.
    """
    query = parse(text)
    pipeline = query.pipeline
    return {
        "lets": [let.name for let in query.lets],
        "source": print_query(ast.Query((), ast.Pipeline(pipeline.source))),
        "terms": [print_search(ast.Search(term)) for term in _terms(pipeline.search)],
        "stages": [_stage(stage) for stage in pipeline.stages],
    }


def put(text: str, part: Part, value: str) -> str:
    """Return the text with a part that is `value`; an empty value takes the part away.

    Raises:
        QueryError: the text or the value cannot be read, or there is no such part.
    """
    query = parse(text)
    pipeline = query.pipeline
    match part.kind:
        case "term":
            terms = _replaced(_terms(pipeline.search), part.place, _terms_of(value))
            search = ast.Search(terms[0] if len(terms) == 1 else ast.And(terms)) if terms else None
            pipeline = replace(pipeline, search=search)
        case "stage":
            stages = _replaced(pipeline.stages, part.stage, _stages_of(value, part.kind))
            pipeline = replace(pipeline, stages=stages)
        case "aggregate" | "key" | "every":
            pipeline = replace(pipeline, stages=_grouped(pipeline.stages, part, value))
        case "sort":
            pipeline = replace(pipeline, stages=_ordered(pipeline.stages, part, value))
        case _:
            assert_never(part.kind)
    return print_query(replace(query, pipeline=pipeline))


def _stage(stage: ast.Stage) -> dict[str, Any]:
    text = print_stage(stage)
    found: dict[str, Any] = {"kind": text.partition(" ")[0], "text": text}
    match stage:
        case ast.Summarize() | ast.MakeSeries():
            found |= {"aggregates": list(map(print_named, stage.aggregates)), "by": list(map(print_named, stage.by))}
            if isinstance(stage, ast.MakeSeries):
                found["every"] = _step(stage)
        case ast.Sort():
            found["sort"] = [_sort_text(key) for key in stage.keys]
        case _:
            pass
    return found


def _sort_text(key: ast.SortKey) -> str:
    return print_stage(ast.Sort((key,))).removeprefix("sort ")


def _step(stage: ast.MakeSeries) -> str:
    if stage.every is None:
        return ""
    bare = print_stage(ast.MakeSeries(stage.aggregates, stage.every))
    return bare.removeprefix(print_stage(ast.MakeSeries(stage.aggregates))).removeprefix(" every ")


def _terms(search: ast.Search | None) -> tuple[ast.SearchNode, ...]:
    if search is None or search.root is None:
        return ()
    return search.root.terms if isinstance(search.root, ast.And) else (search.root,)


def _replaced(parts: tuple[Node, ...], place: int, given: tuple[Node, ...]) -> tuple[Node, ...]:
    if not 0 <= place <= len(parts) or (not given and place == len(parts)):
        raise QueryError("There is no such part in the query.", suggestion="Look at it again.", code="query-edit-part")
    return (*parts[:place], *given, *parts[place + 1 :])


def _terms_of(value: str) -> tuple[ast.SearchNode, ...]:
    if not value.strip():
        return ()
    query = parse(value)
    if query.lets or query.pipeline.source is not None or query.pipeline.stages or not _terms(query.pipeline.search):
        raise _not_a("term", value)
    return _terms(query.pipeline.search)


def _stages_of(value: str, kind: PartKind) -> tuple[ast.Stage, ...]:
    """Return the stages a value stands for, none for an empty one."""
    if not value.strip():
        return ()
    query = parse(f"from errors | {value}")
    if query.lets or query.pipeline.search is not None or not query.pipeline.stages:
        raise _not_a(kind, value)
    return query.pipeline.stages


def _grouped(stages: tuple[ast.Stage, ...], part: Part, value: str) -> tuple[ast.Stage, ...]:
    place = _group_place(stages, part.stage)
    if place is None:
        if not value.strip():
            raise _not_a(part.kind, value)
        place = _after_rows(stages)
        # What chose and ordered rows means nothing for groups.
        rest: tuple[ast.Stage, ...] = tuple(
            s for s in stages[place:] if not isinstance(s, ast.Sort | ast.Project | ast.Top)
        )
        made = _filled(ast.Summarize(()), replace(part, place=0), value)
        return (*stages[:place], *((made,) if made else ()), *rest)
    stage = stages[place]
    assert isinstance(stage, ast.Summarize | ast.MakeSeries)
    changed = _filled(stage, part, value)
    rest = stages[place + 1 :]
    if changed is None or type(changed) is not type(stage):
        rest = tuple(s for s in rest if not isinstance(s, ast.Sort))
    return (*stages[:place], *((changed,) if changed else ()), *rest)


def _group_place(stages: tuple[ast.Stage, ...], wanted: int) -> int | None:
    groups = [i for i, stage in enumerate(stages) if isinstance(stage, ast.Summarize | ast.MakeSeries)]
    return wanted if wanted in groups else groups[-1] if groups else None


def _after_rows(stages: tuple[ast.Stage, ...]) -> int:
    keeps = (ast.Where, ast.Extend, ast.Sample, ast.Join, ast.Union)
    return next((i for i, stage in enumerate(stages) if not isinstance(stage, keeps)), len(stages))


_COUNT: Final = ast.Named("n", ast.Call("count"))


def _filled(stage: ast.Summarize | ast.MakeSeries, part: Part, value: str) -> ast.Summarize | ast.MakeSeries | None:
    """Return groups with one part changed; None when nothing is left of them."""
    if part.kind == "every":
        return _over_time(stage, value)
    if part.kind == "aggregate":
        aggregates = _replaced(stage.aggregates, part.place, _one(f"summarize {value}", value, part.kind).aggregates)
        if not aggregates and not stage.by:
            return None
        return replace(stage, aggregates=aggregates or (_COUNT,))
    by = _replaced(stage.by, part.place, _one(f"summarize n=count() by {value}", value, part.kind).by)
    if isinstance(stage, ast.MakeSeries):
        top = stage.top or (ast.SeriesTop(8, stage.aggregates[0].expr) if by else None)
        return replace(stage, by=by, top=top if by else None)
    return replace(stage, aggregates=stage.aggregates or (_COUNT,), by=by)


def _one(text: str, value: str, kind: PartKind) -> ast.Summarize:
    """Return the groups that a value makes; without any for an empty value."""
    if not value.strip():
        return ast.Summarize(())
    found = _stages_of(text, kind)
    if len(found) != 1 or not isinstance(found[0], ast.Summarize) or bool(found[0].by) != (kind == "key"):
        raise _not_a(kind, value)
    return found[0]


def _over_time(stage: ast.Summarize | ast.MakeSeries, value: str) -> ast.Summarize | ast.MakeSeries:
    aggregates = stage.aggregates or (_COUNT,)
    if not value.strip():
        return ast.Summarize(aggregates, stage.by)
    found = _stages_of(f"make-series count() every {value}", "every")
    if len(found) != 1 or not isinstance(found[0], ast.MakeSeries) or found[0].by:
        raise _not_a("every", value)
    series = stage if isinstance(stage, ast.MakeSeries) else ast.MakeSeries(aggregates, by=stage.by)
    top = series.top or (ast.SeriesTop(8, aggregates[0].expr) if series.by else None)
    return replace(series, every=found[0].every, top=top)


def _ordered(stages: tuple[ast.Stage, ...], part: Part, value: str) -> tuple[ast.Stage, ...]:
    orders = [i for i, stage in enumerate(stages) if isinstance(stage, ast.Sort)]
    found = _stages_of(f"sort {value}", part.kind) if value.strip() else ()
    if len(found) > 1 or any(not isinstance(stage, ast.Sort) for stage in found):
        raise _not_a("sort", value)
    given = tuple(key for stage in found if isinstance(stage, ast.Sort) for key in stage.keys)
    if not orders:
        if not given:
            raise _not_a("sort", value)
        place = len(stages) - 1 if stages and isinstance(stages[-1], ast.Limit) else len(stages)
        return (*stages[:place], ast.Sort(given), *stages[place:])
    place = part.stage if part.stage in orders else orders[-1]
    stage = stages[place]
    assert isinstance(stage, ast.Sort)
    keys = _replaced(stage.keys, part.place, given)
    return (*stages[:place], *((ast.Sort(keys),) if keys else ()), *stages[place + 1 :])


def _not_a(kind: PartKind, value: str) -> QueryError:
    return QueryError(
        f"{value.strip()[:80]!r} cannot stand here." if value.strip() else "There is no such part in the query.",
        suggestion=f"Write {_WORD[kind]}.",
        code="query-edit-part",
    )
