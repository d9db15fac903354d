"""Map accesses in the form indexes understand.

Ibis reads a key as `CASE WHEN mapContains(m, k) THEN m[k] ELSE NULL END`, which looks the key up twice and defeats the
bloom filters on keys and values. Compared for equality with texts that are not empty, `m[k]` says the same, because an
absent key reads as the empty text; everywhere else `arrayElementOrNull(m, k)` does in one look-up.
"""

from __future__ import annotations

from sqlglot import expressions as exp

from queries.passes.context import PassContext, guarded
from queries.passes.nodes import find_all


def map_access(tree: exp.Expr, _: PassContext) -> exp.Expr:
    """Return the tree with map accesses rewritten."""
    for node in find_all(tree, exp.Case, exp.If):
        access = _guarded_access(node)
        if access is None:
            continue
        if _equals_text(node):
            _replace_equality(node, access)
        else:
            key = access.expressions[0]
            node.replace(exp.Anonymous(this="arrayElementOrNull", expressions=[access.this, key]))
    return tree


def _guarded_access(node: exp.Expr) -> exp.Bracket | None:
    if isinstance(node, exp.Case):
        branches = node.args.get("ifs") or []
        if len(branches) != 1 or node.this is not None or not isinstance(node.args.get("default"), exp.Null):
            return None
        test, value = branches[0].this, branches[0].args["true"]
    else:
        if isinstance(node.parent, exp.Case) or not isinstance(node.args.get("false"), exp.Null):
            return None
        test, value = node.this, node.args["true"]
    contains = isinstance(test, exp.Func) and (test.name or test.sql_name()).lower() in {
        "mapcontains",
        "map_contains_key",
    }
    if isinstance(value, exp.Bracket) and (contains or isinstance(test, exp.MapContainsKey)):
        return value
    return None


def _equals_text(node: exp.Expr) -> bool:
    parent = node.parent
    if not isinstance(parent, exp.EQ | exp.In) or not _filters(parent):
        return False
    if isinstance(parent, exp.In):
        return parent.this is node and bool(parent.expressions) and all(map(_is_filled, parent.expressions))
    return _is_filled(parent.expression if parent.this is node else parent.this)


def _is_filled(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string and bool(node.this)


def _filters(node: exp.Expr) -> bool:
    """Whether a condition chooses rows; elsewhere it may repeat a key of the groups, which must stay the same text."""
    place = node.parent
    while place is not None and not isinstance(place, exp.Where | exp.Select):
        if isinstance(place, exp.CountIf) or (isinstance(place, exp.Anonymous) and place.name.endswith("If")):
            return True
        place = place.parent
    return isinstance(place, exp.Where)


def _replace_equality(node: exp.Expr, access: exp.Bracket) -> None:
    equality = node.parent
    assert equality is not None
    node.replace(access)
    around = equality.parent
    # The comparison can no longer be NULL, so a guard against that says nothing.
    if around is not None and guarded(around) is equality:
        around.replace(equality)
