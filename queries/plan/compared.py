"""What a query is compared with: the same pipeline, over other rows.

The other side keeps the pipeline up to its groups. What only chooses among the groups behind that (where, sort, limit,
top without the rest) is said of this side: its groups are shown, with the other side's values whatever they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from queries import ast
from queries.errors import TypeProblem
from queries.plan.searches import holds_aggregate

_RELEASE = "release"
_WORDS = ""
"""What free text filters."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The pipeline of the other side, and whether only groups of this side are shown."""

    pipeline: ast.Pipeline
    chosen: bool


def other_pipeline(prefix: ast.Pipeline, place: int, target: ast.CompareTarget, release: str = "") -> Compared:
    """Return what a pipeline is compared with, its times not yet shifted.

    Args:
        prefix: the pipeline in front of the comparison.
        place: of the stage in it that makes the groups.
        target: of the comparison.
        release: name of the release, where that is the target.
    """
    wanted: ast.Search | None = None
    if isinstance(target, ast.Search):
        wanted = target
    elif isinstance(target, ast.Release):
        wanted = ast.Search(ast.Filter(ast.Key(_RELEASE), ast.Op.EQ, ast.Text(release, quoted=True)))
    search, cut = _without_aggregates(prefix.search)
    stages = list(prefix.stages[: place + 1])
    chosen = cut
    for stage in prefix.stages[place + 1 :]:
        if _chooses(stage):
            chosen = chosen or not isinstance(stage, ast.Sort)
        else:
            stages.append(stage)
    if wanted is not None:
        search = exchanged(search, wanted)
        names = keys_of(wanted.root)
        stages = [_loosened(stage, names) if i < place else stage for i, stage in enumerate(stages)]
    return Compared(replace(prefix, search=search, stages=tuple(stages)), chosen)


def release_name(target: ast.Release, params: Mapping[str, object]) -> str:
    """Return the name of a release, which may be a parameter.

    Raises:
        TypeProblem: the parameter is missing or no text.
    """
    if isinstance(target.value, ast.String):
        return target.value.value
    given = params.get(target.value.name.removeprefix("$"))
    if not isinstance(given, str):
        raise TypeProblem(f"The parameter {target.value.name} must be the name of a release.", span=target.span)
    return given


def _chooses(stage: ast.Stage) -> bool:
    match stage:
        case ast.Where() | ast.Sort() | ast.Limit():
            return True
        case ast.Top(other=other):
            return not other
        case _:
            return False


def _without_aggregates(search: ast.Search | None) -> tuple[ast.Search | None, bool]:
    """Return a search without its filters on aggregates, which choose among the groups; and whether it had some."""
    if search is None or search.root is None:
        return search, False
    terms = _terms(search)
    kept = [term for term in terms if not holds_aggregate(term)]
    return (search, False) if len(kept) == len(terms) else (_joined(kept), True)


def exchanged(search: ast.Search | None, wanted: ast.Search) -> ast.Search:
    """Return a search with the filters of another in place of its own on the same fields."""
    names = keys_of(wanted.root)
    kept = [term for term in _terms(search) if not keys_of(term) & names]
    return _joined([*kept, *_terms(wanted)])


def _loosened(stage: ast.Stage, names: frozenset[str]) -> ast.Stage:
    """Return a filter in backticks without what it says of some fields."""
    if isinstance(stage, ast.Where) and isinstance(stage.condition, ast.SearchExpr):
        kept = [term for term in _terms(stage.condition.search) if not keys_of(term) & names]
        return replace(stage, condition=replace(stage.condition, search=_joined(kept)))
    return stage


def _terms(search: ast.Search | None) -> list[ast.SearchNode]:
    if search is None or search.root is None:
        return []
    return list(search.root.terms) if isinstance(search.root, ast.And) else [search.root]


def _joined(terms: list[ast.SearchNode]) -> ast.Search:
    if not terms:
        return ast.Search(None)
    return ast.Search(terms[0] if len(terms) == 1 else ast.And(tuple(terms)))


def keys_of(node: ast.SearchNode | None) -> frozenset[str]:
    """Return the names of the fields a search filters; the empty name for free text."""
    match node:
        case None:
            return frozenset()
        case ast.And(terms=terms) | ast.Or(terms=terms):
            return frozenset().union(*(keys_of(term) for term in terms))
        case ast.Filter(key=key) | ast.Has(key=key):
            return frozenset({key.name})
        case ast.Is():
            return frozenset({"is"})
        case ast.FreeText():
            return frozenset({_WORDS})
