"""Searches as conditions. A condition made here is never NULL, so its negation holds wherever it does not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import ibis.expr.types as ir

from queries import ast
from queries.ast import Op, TextMatch
from queries.errors import TypeProblem
from queries.lexer import Lex, Lexeme
from queries.parser.literals import UNITS, number_literal
from queries.plan import numbers, texts
from queries.plan.issue_states import state_condition
from queries.plan.release_filters import release_condition
from queries.plan.scope import Attribute, Scope
from queries.plan.search_parameters import used_in, with_parameters
from queries.plan.virtual import is_there, matches, may_be_empty
from queries.printer_search import key_text
from queries.search.parameters import is_parameter
from queries.types import BOOLEAN, STRING, Base, Missing
from queries.values.calls import call
from queries.values.typed import TRUE, Typed, all_of, any_of, as_null, certain, is_present

CompileExpr = Callable[[ast.Expr, Scope], Typed]
_QUANTITY = re.compile(rf"[0-9]+(?:\.[0-9]+)?(?:{'|'.join(UNITS)}|%)")
"""A number with a unit as an argument of an aggregate: `count_at_least(span.duration,1s)`."""


def predicate(search: ast.Search, scope: Scope, compile_expr: CompileExpr) -> ir.Value:
    """Return the condition of a whole search; an empty one holds everywhere.

    Raises:
        QueryError: a filter does not fit its field.
    """
    if search.root is None:
        return TRUE
    return node_condition(search.root, scope, compile_expr)


def node_condition(node: ast.SearchNode, scope: Scope, compile_expr: CompileExpr) -> ir.Value:
    """Return the condition of one node over single rows, or over groups where the scope is one of groups."""
    match node:
        case ast.And():
            return all_of([node_condition(t, scope, compile_expr) for t in node.terms])
        case ast.Or():
            return any_of([node_condition(t, scope, compile_expr) for t in node.terms])
        case ast.Filter():
            found = _bound_filter(node, scope, compile_expr)
            return ~found if node.negated else found
        case ast.Has():
            found = _has(node, scope)
            return ~found if node.negated else found
        case ast.Is():
            found = state_condition(node, scope)
            return ~found if node.negated else found
        case ast.FreeText():
            return _free_text(node, scope)
        case _:
            assert_never(node)


def holds_aggregate(node: ast.SearchNode) -> bool:
    """Whether a filter on an aggregate stands anywhere below the node."""
    match node:
        case ast.And() | ast.Or():
            return any(holds_aggregate(t) for t in node.terms)
        case ast.Filter():
            return isinstance(node.key, ast.AggregateKey)
        case ast.Has() | ast.Is() | ast.FreeText():
            return False
        case _:
            assert_never(node)


def group_condition(node: ast.SearchNode, scope: Scope, compile_expr: CompileExpr) -> ir.Value:
    """Return the condition of a node over groups; a filter on rows holds for a group when some row fulfils it."""
    if not holds_aggregate(node):
        rows = scope.aggregates
        assert rows is not None
        counted = ast.Call("count_if", (ast.SearchExpr(ast.Search(node)),))
        return compile_expr(counted, scope).value > 0
    match node:
        case ast.And():
            return all_of([group_condition(t, scope, compile_expr) for t in node.terms])
        case ast.Or():
            return any_of([group_condition(t, scope, compile_expr) for t in node.terms])
        case _:
            return node_condition(node, scope, compile_expr)


def _bound_filter(node: ast.Filter, scope: Scope, compile_expr: CompileExpr) -> ir.Value:
    """Return a filter with values for its parameters; what is wrong with a value is said of the parameter."""
    try:
        return _filter(with_parameters(node, scope), scope, compile_expr)
    except TypeProblem as problem:
        named = used_in(node, scope.context.params)
        if not named or problem.message.startswith("The parameter"):
            raise
        raise TypeProblem(
            f"{named} does not fit: {problem.message}", span=node.value.span, suggestion=problem.suggestion
        ) from None


def _filter(node: ast.Filter, scope: Scope, compile_expr: CompileExpr) -> ir.Value:
    of_release = release_condition(node, scope)
    if of_release is not None:
        return ~of_release if node.op is Op.NE else of_release
    if isinstance(node.key, ast.AggregateKey):
        attribute = Attribute(_aggregate(node.key, scope, compile_expr))
    else:
        attribute = scope.keyed(node.key)
    if attribute.typed.virtual:
        return _virtual(node, attribute.typed, scope)
    if attribute.elements is not None and attribute.element_type is not None:
        return _elements(node, attribute, scope)
    found = _scalar(node, attribute, scope)
    return ~found if node.op is Op.NE else found


def _aggregate(key: ast.AggregateKey, scope: Scope, compile_expr: CompileExpr) -> Typed:
    args = tuple(_argument(a, key) for a in key.args)
    return compile_expr(ast.Call(key.name, args, key.span), scope)


def _argument(arg: str | ast.Search, key: ast.AggregateKey) -> ast.Expr:
    if isinstance(arg, ast.Search):
        return ast.SearchExpr(arg, key.span)
    text = arg.strip()
    number = numbers.parse_number(text)
    if number is not None:
        return ast.Number(number, key.span)
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return ast.String(text[1:-1], key.span)
    if is_parameter(text):
        return ast.Name(text, span=key.span)
    if _QUANTITY.fullmatch(text):
        token = Lexeme(Lex.NUMBER, text, key.span.start, key.span.end)
        return replace(number_literal(token), span=key.span)
    return ast.Name(text, quoted=True, span=key.span)


def _virtual(node: ast.Filter, item: Typed, scope: Scope) -> ir.Value:
    match node.value:
        case ast.Text(match=TextMatch.EXACT):
            names = [node.value.text]
        case ast.TextList() if all(t.match is TextMatch.EXACT for t in node.value.items):
            names = [t.text for t in node.value.items]
        case _:
            raise TypeProblem(
                f"{item.virtual} takes whole names.", span=node.span, suggestion=f"Write {item.virtual}:NAME."
            )
    found = matches(item, names, scope, node.value.span)
    return ~found if node.op is Op.NE else found


def _elements(node: ast.Filter, attribute: Attribute, scope: Scope) -> ir.Value:
    """A filter on an array holds when any element fulfils it; a negated one when none does."""
    elements, element_type = attribute.elements, attribute.element_type
    assert elements is not None
    assert element_type is not None
    value = node.value
    if isinstance(value, ast.Text) and not value.text:
        found = call("empty", BOOLEAN, elements)
    elif isinstance(value, ast.Text) and value.match is TextMatch.EXACT and element_type.base is Base.STRING:
        found = call("has", BOOLEAN, elements, value.text)
    elif isinstance(value, ast.TextList) and texts.all_exact(value) and element_type.base is Base.STRING:
        found = call("hasAny", BOOLEAN, elements, [t.text for t in value.items])
    else:
        plain = replace(element_type, missing=Missing.NEVER)
        kept = elements.filter(lambda x: _scalar(node, Attribute(Typed(x, plain)), scope))
        found = call("notEmpty", BOOLEAN, kept)
    return ~found if node.op is Op.NE else found


def _scalar(node: ast.Filter, attribute: Attribute, scope: Scope) -> ir.Value:
    """Return the filter on a single value, never NULL; the sign `!=` is left to the caller."""
    typed, value = attribute.typed, node.value
    match typed.type.base:
        case Base.STRING:
            return texts.text_condition(attribute, node)
        case Base.INTEGER | Base.FLOAT if _is_pattern(value):
            return texts.text_condition(Attribute(_as_text(typed)), node)
        case Base.INTEGER | Base.FLOAT:
            return numbers.number_condition(typed, node)
        case Base.BOOLEAN:
            return _boolean(typed, node)
        case Base.TIME:
            return _time(typed, node, scope)
        case _:
            raise TypeProblem(f"{typed.type.describe().capitalize()} cannot be filtered like this.", span=value.span)


def _is_pattern(value: ast.FilterValue) -> bool:
    return isinstance(value, ast.Regex) or (isinstance(value, ast.Text) and value.match is not TextMatch.EXACT)


def _as_text(typed: Typed) -> Typed:
    number = as_null(typed)
    return Typed(call("toString", STRING, number.value), replace(STRING, missing=number.type.missing))


def _boolean(typed: Typed, node: ast.Filter) -> ir.Value:
    match node.value:
        case ast.Boolean(value=wanted):
            pass
        case ast.Text(text=text) if text.lower() in {"true", "1"}:
            wanted = True
        case ast.Text(text=text) if text.lower() in {"false", "0"}:
            wanted = False
        case ast.Number(value=number) if number in {0, 1}:
            wanted = bool(number)
        case ast.Text(text=""):
            return ~is_present(typed)
        case _:
            raise TypeProblem(f"{key_text(node.key)} takes true or false.", span=node.value.span)
    return certain(typed.value == wanted, nullable=typed.type.nullable)


def _time(typed: Typed, node: ast.Filter, scope: Scope) -> ir.Value:
    start, end = _moments(node, scope)
    op = Op.EQ if node.op is Op.NE else node.op
    if op is Op.EQ and isinstance(node.value, ast.RelativeInstant):
        op = Op.GE if node.value.ns < 0 else Op.LE
    low, high = texts.instant(start), texts.instant(end)
    match op:
        case Op.GT:
            found = typed.value >= high if end > start else typed.value > low
        case Op.GE:
            found = typed.value >= low
        case Op.LT:
            found = typed.value < low
        case Op.LE:
            found = typed.value < high if end > start else typed.value <= low
        case _:
            found = (typed.value >= low) & (typed.value < high) if end > start else typed.value == low
    return certain(found, nullable=typed.type.nullable)


def _moments(node: ast.Filter, scope: Scope) -> tuple[dt.datetime, dt.datetime]:
    match node.value:
        case ast.Instant(at=at, whole_day=whole):
            start = at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
            return start, start + dt.timedelta(days=1) if whole else start
        case ast.RelativeInstant(ns=ns):
            # `-24h` means after that moment, `+7d` before it.
            moment = scope.context.now - dt.timedelta(microseconds=abs(ns) // 1000)
            return moment, moment
        case _:
            raise TypeProblem(f"{key_text(node.key)} takes a time, such as 2026-03-01 or -24h.", span=node.value.span)


def _has(node: ast.Has, scope: Scope) -> ir.Value:
    attribute = scope.keyed(node.key)
    if attribute.elements is not None:
        return call("notEmpty", BOOLEAN, attribute.elements)
    if attribute.text is not None:
        return attribute.text != ""
    if may_be_empty(attribute.typed):
        return is_there(attribute.typed)
    if attribute.typed.virtual or attribute.typed.type.missing is Missing.NEVER:
        return TRUE
    found = is_present(attribute.typed)
    if attribute.typed.type.base is Base.STRING and attribute.typed.type.nullable:
        return found & certain(attribute.typed.value != "", nullable=True)
    return found


def _free_text(node: ast.FreeText, scope: Scope) -> ir.Value:
    if scope.catalog is None or scope.table is None or not scope.catalog.dataset.free_text:
        raise TypeProblem(
            "Bare words search the text of events; there is none at this point.",
            span=node.span,
            suggestion='Name the column: title:"words".',
        )
    pattern = texts.free_pattern(node)
    return any_of([scope.table[name].ilike(pattern) for name in scope.catalog.dataset.free_text])
