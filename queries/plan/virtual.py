"""`project` and `issue`: numbers in the store, names in the language.

A comparison turns the name into the number before the scan. As a group key the number is grouped; a project's slug is
put in its place from the request's own list, an issue's short id by a join with the mirror after grouping.
"""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir

from queries import ast
from queries.ast import Span
from queries.catalog import ASSIGNEE, ISSUE, ISSUE_TEXTS, PROJECT, closest_names, did_you_mean
from queries.errors import NameProblem, TypeProblem
from queries.plan.mirror import issue_in
from queries.plan.scope import Scope
from queries.types import STRING
from queries.values.calls import call
from queries.values.typed import FALSE, Typed

MIRRORED = {ISSUE: "short_id", ASSIGNEE: "assignee", **ISSUE_TEXTS}
"""Virtual values that finished rows get by a join with the mirror, and the column that holds them."""

PROJECT_SLUG = "amber_project_slug"
"""`amber_project_slug(id)`: a mark that becomes a look-up in the request's own list, bound as two parameters."""


def project_id(slug: str, scope: Scope, span: Span | None) -> int:
    """Return the number of a visible project.

    Raises:
        NameProblem: there is no such project, or it may not be seen; the two are not told apart.
    """
    for number, name in scope.context.projects.items():
        if name == slug:
            return number
    close = closest_names(slug, scope.context.projects.values())
    message = f"There is no project called {slug!r}."
    raise NameProblem(message, span=span, suggestion=did_you_mean(close), code="query-unknown-project")


def is_project(item: Typed, slugs: list[str], scope: Scope, span: Span | None) -> ir.Value:
    """Return whether a project number belongs to one of the slugs."""
    ids = [project_id(slug, scope, span) for slug in slugs]
    return item.value == ids[0] if len(ids) == 1 else item.value.isin(ids)


def is_issue(item: Typed, short_ids: list[str]) -> ir.Value:
    """Return whether an issue number has one of the short ids, whose letters may have any case."""
    return issue_in(item.value, "short_id", [s.upper() for s in short_ids])


def may_be_empty(item: Typed) -> bool:
    """Whether an issue may have none of it: an assignee, a release; each has a short id."""
    return item.virtual in MIRRORED and item.virtual != ISSUE


def is_there(item: Typed) -> ir.Value:
    """Return whether the issue has one: somebody works on it, it has a release."""
    return issue_in(item.value, MIRRORED[item.virtual], [])


def matches(item: Typed, names: list[str], scope: Scope, span: Span | None) -> ir.Value:
    """Return whether a virtual value has one of the names."""
    if not names:
        return FALSE
    match item.virtual:
        case "project":
            return is_project(item, names, scope, span)
        case "issue":
            return is_issue(item, names)
        case _:
            return issue_in(item.value, MIRRORED[item.virtual], names)


def compare_virtual(expr: ast.Binary, left: Typed, right: Typed, scope: Scope) -> ir.Value | None:
    """Return the comparison of a virtual value with a text, or None when none of the two is virtual."""
    if right.virtual and not left.virtual:
        left, right = right, left
    if not left.virtual or right.virtual:
        return None
    if may_be_empty(left) and right.constant is None and expr.op in {"=", "!="}:
        return is_there(left) if expr.op == "!=" else ~is_there(left)
    if expr.op not in {"=", "!=", "in"} or not isinstance(right.constant, str):
        if left.virtual in MIRRORED:
            raise _not_text(expr.span)
        return None
    found = matches(left, [right.constant], scope, expr.span)
    return ~found if expr.op == "!=" else found


def shown(item: Typed) -> Typed:
    """Return the value as text: a project's slug.

    Raises:
        TypeProblem: an issue's short id is known only after grouping.
    """
    if item.virtual in MIRRORED:
        raise _not_text(None)
    return slug(item) if item.virtual == PROJECT else item


def _not_text(span: Span | None) -> TypeProblem:
    return TypeProblem(
        "An issue can be filtered with = and !=, counted and shown, its assignee too, but not computed with.",
        span=span,
        suggestion="Use issue.id, its number.",
    )


def slug(item: Typed) -> Typed:
    """Return a project number as its slug, null where there is no project, as on the other side of a join."""
    type_ = replace(STRING, missing=item.type.missing)
    return replace(item, value=call(PROJECT_SLUG, type_, item.value), type=type_, virtual="")
