"""Filters on text. Exact values compare by case as Sentry does; patterns with `*` do not."""

from __future__ import annotations

import ibis.expr.types as ir

from queries import ast
from queries.ast import Op, TextMatch
from queries.catalog import elsewhere
from queries.errors import TypeProblem
from queries.functions.scalars import instant
from queries.plan.scope import Attribute
from queries.printer_search import key_text
from queries.types import BOOLEAN, Base, Missing, ValueType
from queries.values.calls import call
from queries.values.typed import any_of, certain

__all__ = ["all_exact", "free_pattern", "instant", "like_pattern", "text_condition"]


ORDERED = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
_MANY = 16
"""So many whole texts beside patterns in a list are looked up together."""
NULLABLE_FLOAT = ValueType(Base.FLOAT, missing=Missing.NULL)


def all_exact(values: ast.TextList) -> bool:
    """Whether no item of the list is a pattern."""
    return all(t.match is TextMatch.EXACT for t in values.items)


def text_condition(attribute: Attribute, node: ast.Filter) -> ir.Value:
    """Return the condition of a filter on text, never NULL. A missing text and the empty one both match `key:""`."""
    match node.value:
        case ast.Text():
            return _one(attribute, node.value)
        case ast.TextList() if all_exact(node.value) and all(t.text for t in node.value.items):
            value, nullable = _comparable(attribute)
            return certain(value.isin([t.text for t in node.value.items]), nullable=nullable)
        case ast.TextList():
            return any_of(_items(attribute, node.value))
        case ast.Regex(pattern=pattern):
            value, nullable = _comparable(attribute)
            found = certain(call("match", BOOLEAN, value, pattern), nullable=nullable)
            return found & _has_text(attribute)
        case ast.Number(value=number) if node.op in ORDERED:
            value, _ = _comparable(attribute)
            read = call("toFloat64OrNull", NULLABLE_FLOAT, value)
            return certain(_ordered(node.op, read, number), nullable=True)
        case ast.Number(value=number) | ast.NumberList(items=(ast.Number(value=number),)):
            value, nullable = _comparable(attribute)
            return certain(
                value == f"{number:g}" if isinstance(number, float) else value == str(number), nullable=nullable
            )
        case ast.NumberList(items=items):
            value, nullable = _comparable(attribute)
            return certain(value.isin([str(n.value) for n in items]), nullable=nullable)
        case ast.Boolean(value=flag):
            value, nullable = _comparable(attribute)
            return certain(value.isin(["true", "True", "1"] if flag else ["false", "False", "0"]), nullable=nullable)
        case _:
            raise _no_text(node, attribute)


_KINDS = {
    ast.Duration: "a duration",
    ast.Size: "a size",
    ast.Percentage: "a percentage",
    ast.Instant: "a time",
    ast.RelativeInstant: "a time",
}


def _no_text(node: ast.Filter, attribute: Attribute) -> TypeProblem:
    """Return what to say of a quantity on text; most often the key is the field of another dataset."""
    key = key_text(node.key)
    is_tag = isinstance(node.key, ast.Key) and attribute.text is not None
    hint = elsewhere(node.key.name) if is_tag else ""
    return TypeProblem(
        f"{key} holds text here, the value is {_KINDS.get(type(node.value), 'none')}.",
        span=node.value.span,
        suggestion=hint or f'As a text it is written in quotes, {key}:"…".',
    )


def _items(attribute: Attribute, values: ast.TextList) -> list[ir.Value]:
    """Return the conditions of the items of a list: whole texts together in one, however many there are."""
    whole = [t for t in values.items if t.match is TextMatch.EXACT and t.text]
    if len(whole) < _MANY:
        return [_one(attribute, t) for t in values.items]
    value, nullable = _comparable(attribute)
    rest = [t for t in values.items if t.match is not TextMatch.EXACT or not t.text]
    together = certain(value.isin([t.text for t in whole]), nullable=nullable)
    return [together, *(_one(attribute, t) for t in dict.fromkeys(rest))]


def _ordered(op: Op, value: ir.Value, number: float) -> ir.Value:
    match op:
        case Op.LT:
            return value < number
        case Op.LE:
            return value <= number
        case Op.GT:
            return value > number
        case _:
            return value >= number


def _comparable(attribute: Attribute) -> tuple[ir.Value, bool]:
    """Return a value to compare with a text that is not empty, and whether it can be NULL."""
    if attribute.text is not None:
        return attribute.text, False
    return attribute.typed.value, attribute.typed.type.nullable


def _has_text(attribute: Attribute) -> ir.Value:
    value, nullable = _comparable(attribute)
    return certain(value != "", nullable=nullable)


def _one(attribute: Attribute, text: ast.Text) -> ir.Value:
    value, nullable = _comparable(attribute)
    if not text.text:
        return ~_has_text(attribute)
    if text.match is TextMatch.EXACT:
        return certain(value == text.text, nullable=nullable)
    pattern = like_pattern(text)
    if not pattern.strip("%"):
        return _has_text(attribute)
    return certain(value.ilike(pattern), nullable=nullable)


def like_pattern(text: ast.Text) -> str:
    """Return the LIKE pattern of a pattern with `*`, or of a text to be contained, begun or ended with."""
    body = _like(text.text, stars=text.match is TextMatch.WILDCARD)
    match text.match:
        case TextMatch.CONTAINS:
            return f"%{body}%"
        case TextMatch.STARTS_WITH:
            return f"{body}%"
        case TextMatch.ENDS_WITH:
            return f"%{body}"
        case TextMatch.WILDCARD | TextMatch.EXACT:
            return body


def free_pattern(node: ast.FreeText) -> str:
    """Return the LIKE pattern of bare words: contained anywhere; `*` stands for anything unless quoted."""
    return f"%{_like(node.text, stars=not node.quoted)}%"


def _like(text: str, *, stars: bool) -> str:
    """Escape for LIKE; with `stars`, `*` is `%`, a backslash before `*` or a backslash makes it literal."""
    out: list[str] = []
    position = 0
    while position < len(text):
        sign = text[position]
        if stars and sign == "\\" and text[position + 1 : position + 2] in {"*", "\\"}:
            position += 1
            out.append("*" if text[position] == "*" else "\\\\")
        elif stars and sign == "*":
            out.append("%")
        else:
            out.append(f"\\{sign}" if sign in "%_\\" else sign)
        position += 1
    return "".join(out)
