"""Flame graphs of an invented shop, merged as the server does it."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

import pyarrow as pa
from flask import Blueprint, request

from server.profiles.service import document_of
from server.profiles.tree import SCHEMA, merged
from tests.dashboards.fake import problem

HOSTILE = '<img src=x onerror=window.hacked=1>:"><script>window.hacked=1</script> a/b.js:1'
_CALLS = {
    "flask.app:wsgi_app flask/app.py:1511": ("shop.web:checkout shop/web.py:40", "shop.web:index shop/web.py:12"),
    "shop.web:checkout shop/web.py:40": ("shop.cart:total shop/cart.py:17", "shop.pay:charge shop/pay.py:9", HOSTILE),
    "shop.web:index shop/web.py:12": ("shop.db:reviews shop/db.py:60", "jinja2.environment:render"),
    "shop.cart:total shop/cart.py:17": ("shop.cart:total shop/cart.py:17", "json:dumps json/__init__.py:183"),
    "shop.db:reviews shop/db.py:60": ("sqlite3:execute", "متجر:شراء متجر/متجر.py:3"),
}
_ROOT = "flask.app:wsgi_app flask/app.py:1511"


def routes() -> Blueprint:
    """Return the route of flame graphs; `nothing` finds no stack, `broken` fails, `many` finds 50 000 frames."""
    blueprint = Blueprint("fake_profiles", __name__, url_prefix="/api/v1")

    @blueprint.get("/profiles/flame")
    def flame() -> Any:
        query = request.args.get("query", "")
        if "((" in query:
            return problem(400, "query-syntax", "A parenthesis is not closed.", hint="Close it.")
        if "broken" in query:
            return problem(503, "store-busy", "The store is busy.", hint="Try again in a moment.")
        return make_flame(query, compared=request.args.get("compare") == "true")

    return blueprint


@lru_cache
def make_flame(query: str, *, compared: bool) -> dict[str, Any]:
    """Return the document of what a search finds."""
    rows = [] if "nothing" in query else _many() if "many" in query else _stacks(0)
    if compared:
        rows = rows + _stacks(1)
    tree = merged(pa.Table.from_pylist(rows, schema=SCHEMA))
    facts = {"unit": "ns", "stacks": [len(rows)], "samples": [len(rows) * 3, len(rows) * 2], "truncated": False}
    return {**facts, **document_of(tree, compared=compared)}


def _stacks(side: int) -> list[dict[str, Any]]:
    """Walks from the root: the other side charges less and renders more."""
    dice = random.Random(11)
    rows = []
    for place in range(400):
        frames = [_ROOT]
        while frames[-1] in _CALLS and len(frames) < 9 and dice.random() < 0.93:
            frames.append(dice.choice(_CALLS[frames[-1]]))
        weight = dice.randrange(1, 40) * 10**6
        weight *= 3 if side == 0 and "shop.pay" in frames[-1] else 2 if side == 1 and "jinja2" in frames[-1] else 1
        rows.append(_row(frames, weight, place, side))
    return rows


def _many() -> list[dict[str, Any]]:
    dice = random.Random(5)
    rows = []
    for place in range(9_000):
        frames = [_ROOT]
        levels = range(dice.randrange(5, 24))
        frames += [f"pack{level % 7}.mod:step_{level}_{dice.randrange(3)} pack/mod.py:{level}" for level in levels]
        rows.append(_row(frames, dice.randrange(1, 10**7), place, 0))
    return rows


def _row(frames: list[str], weight: int, place: int, side: int) -> dict[str, Any]:
    own = [frame.startswith("shop") for frame in frames]
    return {"frames": frames, "in_app": own, "weight": weight, "first_ns": place, "side": side}
