"""What the planner takes the engine runs: what it cannot run is refused before, with a reason and a place."""

from __future__ import annotations

from typing import Any

import pytest

from queries.errors import QueryError

RUNS = (
    "from errors | top 2 per http.status_code > 300 by timestamp",
    "from errors | top 1 per level in [error, fatal], environment by timestamp",
    "from errors | extend a = bin(bin(timestamp, 1h), 100ms) | summarize n = count() by a",
    "from errors | extend a = slice(stack.function, http.status_code / 200, 1.5)",
    "from errors | extend a = substring(message, 0.5, http.status_code / 100)",
    r'from errors | extend a = extract(message, "[(]|\\(|(Quota)(?: )(?P<what>E)", 2)',
    "from errors | make-series n = count() every 1h by day = bin(timestamp, 1d)",
    "from errors | facets true, level",
    "from errors | extend a = isnull(fingerprint) | sort a, timestamp",
    "from errors | extend a = 2 | top 3 per a, release.version by 99",
    "from errors | make-series x = any(project) every 1h by level fill forward",
)

REFUSED = (
    ("from errors | extend a = stack.function = stack.lineno", "array of texts and an array of numbers do not go"),
    ("from errors | extend a = ifnull(stack.lineno, stack.function)", "takes values of one kind"),
    ("from errors | extend a = nullif(stack.function, null)", "cannot make an array of texts null"),
    ("from errors | extend a = bin(timestamp, 7)", "takes a duration as the width of times"),
    ("from errors | extend a = bin(timestamp, 0.5)", "takes a duration as the width of times"),
    ('from errors | extend a = extract(message, "(a)(?:b)", 2)', "which has 1"),
    ("from errors | make-series n = count() every 1h by timestamp", "cannot be a key"),
    ("from errors | make-series n = count() every 1h by hour = bin(timestamp, 1h)", "cannot be a key"),
    ("from errors | facets a = level, b = level", "a and b are the same values"),
    ("from errors | make-series timestamp = count() every 1h", "Two columns are called timestamp"),
)


@pytest.mark.parametrize("text", RUNS)
def test_it_runs(shop: Any, text: str) -> None:
    """Forms the engine did not take as they were first written."""
    assert shop.rows(f"{text} | limit 3")


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_it_is_refused_where_it_stands(shop: Any, text: str, reason: str) -> None:
    """Nothing of the engine's words reaches the reader."""
    with pytest.raises(QueryError, match=reason) as caught:
        shop.ask(text)
    assert caught.value.span is not None or reason.startswith("Two")
