"""Filters on releases: the order of versions, `latest`, adoption stages."""

from __future__ import annotations

import ibis.expr.types as ir

from queries import ast
from queries.ast import Op, TextMatch
from queries.catalog import RELEASE_PREFIX, RELEASE_STAGE, closest_names, did_you_mean
from queries.errors import NameProblem, QueryError, TypeProblem
from queries.plan.scope import Attribute, Scope
from queries.plan.texts import text_condition
from queries.releases import STAGE_ALIASES, STAGES, Releases, latest_release
from queries.types import BOOLEAN, Base
from queries.values.calls import call
from queries.values.typed import FALSE, any_of, certain
from queries.versions import number_pattern, parse_version, version_pattern

RELEASE = "release"
VERSION = "release.version"
BUILD = "release.build"
ORDERED = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
LATEST = "latest"


def release_condition(node: ast.Filter, scope: Scope) -> ir.Value | None:
    """Return the condition of a filter that needs more than text: order, equality of versions, `latest`, stages.

    None when the filter compares text as any other does, or its key is no release. `!=` is compiled as `=`.

    Raises:
        TypeProblem: the value is no version.
        QueryError: the facts about releases are not there.
    """
    key = node.key
    if not isinstance(key, ast.Key) or not f"{key.name}.".startswith(RELEASE_PREFIX):
        return None
    if key.name == RELEASE_STAGE and RELEASE_STAGE not in scope.columns:
        return any_of([_in_stage(text, scope) for text in _texts(node)])
    if node.op in ORDERED:
        return _ordered(node, key, scope)
    if key.name not in {RELEASE, VERSION} or not isinstance(node.value, ast.Text | ast.TextList):
        return None
    special = {text: _special(text, key, scope) for text in _texts(node)}
    if all(found is None for found in special.values()):
        return None
    plain = [text for text, found in special.items() if found is None]
    found = [condition for condition in special.values() if condition is not None]
    if plain:
        rest = ast.Filter(key, Op.EQ, ast.TextList(tuple(plain), node.value.span), False, node.span)
        found.append(_as_text(rest, scope))
    return any_of(found)


def _texts(node: ast.Filter) -> tuple[ast.Text, ...]:
    match node.value:
        case ast.Text():
            return (node.value,)
        case ast.TextList():
            return node.value.items
        case _:
            raise TypeProblem("A release is named by text.", span=node.value.span)


def _special(text: ast.Text, key: ast.Key, scope: Scope) -> ir.Value | None:
    if text.match is not TextMatch.EXACT:
        return None
    if text.text == LATEST and not text.quoted:
        return _latest(text.span, scope)
    version = parse_version(text.text) if key.name == VERSION else None
    return None if version is None else _matches(_compared(key, scope), version_pattern(Op.EQ, version))


def _as_text(node: ast.Filter, scope: Scope) -> ir.Value:
    assert isinstance(node.key, ast.Key)
    return text_condition(scope.keyed(node.key), node)


def _ordered(node: ast.Filter, key: ast.Key, scope: Scope) -> ir.Value:
    if key.name == BUILD:
        return _build_order(node, key, scope)
    if key.name not in {RELEASE, VERSION} or not isinstance(node.value, ast.Text):
        raise TypeProblem(
            f"{key.name} has no order.", span=node.span, suggestion="Use release.version or release.build."
        )
    version = parse_version(node.value.text) if node.value.match is TextMatch.EXACT else None
    if version is None:
        raise TypeProblem(
            f"{node.value.text!r} is no version.", span=node.value.span, suggestion="Write release.version:>=1.2.3."
        )
    return _matches(_compared(key, scope), version_pattern(node.op, version))


def _build_order(node: ast.Filter, key: ast.Key, scope: Scope) -> ir.Value:
    text = node.value.text if isinstance(node.value, ast.Text) else ""
    if not text.isascii() or not text.isdigit():
        raise TypeProblem(
            "Builds are ordered by number.", span=node.value.span, suggestion="Write release.build:>=120."
        )
    return _matches(scope.keyed(key), number_pattern(node.op, int(text)))


def _compared(key: ast.Key, scope: Scope) -> Attribute:
    """Return what is matched against a pattern of whole releases: a column an earlier stage made of it, or those."""
    if key.name in scope.columns:
        return scope.attribute(key.name, key.span)
    return scope.attribute(RELEASE, key.span)


def _matches(attribute: Attribute, pattern: str) -> ir.Value:
    typed = attribute.typed
    if typed.type.base is not Base.STRING:
        raise TypeProblem("Versions are compared with text.")
    return certain(call("match", BOOLEAN, typed.value, pattern), nullable=typed.type.nullable)


def _latest(span: ast.Span, scope: Scope) -> ir.Value:
    latest = {project: latest_release(seen) for project, seen in _facts(scope, span).items()}
    return _one_of({project: [found.name] for project, found in latest.items() if found is not None}, span, scope)


def _in_stage(text: ast.Text, scope: Scope) -> ir.Value:
    stage = STAGE_ALIASES.get(text.text, text.text)
    if stage not in STAGES:
        hint = did_you_mean(closest_names(text.text, STAGES)) or f"Stages: {', '.join(STAGES)}."
        raise NameProblem(f"There is no release stage called {text.text!r}.", span=text.span, suggestion=hint)
    names = {
        project: [release.name for release in seen if release.stage == stage]
        for project, seen in _facts(scope, text.span).items()
    }
    return _one_of({project: found for project, found in names.items() if found}, text.span, scope)


def _facts(scope: Scope, span: ast.Span) -> Releases:
    facts = scope.context.releases
    if facts is None:
        raise QueryError(
            "Which releases there are is not known here.",
            span=span,
            suggestion="Name the release, or ask the server.",
            code="query-not-available",
        )
    return {project: seen for project, seen in facts.items() if project in scope.context.projects}


def _one_of(names: dict[int, list[str]], span: ast.Span, scope: Scope) -> ir.Value:
    """Return whether a row has one of its own project's releases."""
    release = scope.attribute(RELEASE, span).typed
    found: list[ir.Value] = []
    for project, own in sorted(names.items()):
        condition = certain(release.value.isin(own), nullable=release.type.nullable)
        if len(scope.context.projects) > 1:
            condition = condition & (scope.attribute("project_id", span).typed.value == project)
        found.append(condition)
    return any_of(found) if found else FALSE
