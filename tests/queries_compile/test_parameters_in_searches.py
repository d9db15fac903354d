"""`$name` in a search stands for a value of a type: bound, compared as what it is, and never read as a search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from queries import ast
from queries.errors import TypeProblem
from queries.plan import plan
from tests.queries_compile.conftest import NOW, Row, Shop

VALUES: dict[str, object] = {
    "level": "error",
    "levels": ("error", "fatal"),
    "least": 400,
    "codes": [404, 500],
    "yes": True,
    "since": NOW - dt.timedelta(hours=2),
    "release": "shop@1.2.0",
    "second": ast.Duration(10**9),
    "batch": 3,
    "issue": "nothing OR level:fatal",
    "star": "Val*",
    "project": "web",
}


def _batch(row: Row) -> int | None:
    return next((int(value) for key, value in row["tags"] if key == "batch"), None)


CASES: list[tuple[str, Callable[[Row], bool]]] = [
    ("level:$level", lambda r: r["level"] == "error"),
    ("!level:$level", lambda r: r["level"] != "error"),
    ("level:[$level, fatal]", lambda r: r["level"] in {"error", "fatal"}),
    ("level:$levels", lambda r: r["level"] in {"error", "fatal"}),
    ("!level:[$levels, warning]", lambda _: False),
    ("http.status_code:>=$least", lambda r: r["http_status_code"] >= 400),
    ("http.status_code:!=$least", lambda r: r["http_status_code"] != 400),
    ("http.status_code:$codes", lambda r: r["http_status_code"] in {404, 500}),
    ("http.status_code:[$codes, 200]", lambda r: r["http_status_code"] in {200, 404, 500}),
    ("error.handled:$yes", lambda r: r["error_handled"] is True),
    ("timestamp:>=$since", lambda r: r["timestamp"] >= NOW - dt.timedelta(hours=2)),
    ("release:>=$release", lambda r: r["release"] == "shop@1.2.0"),
    ("tags[batch,number]:>$batch", lambda r: (_batch(r) or 0) > 3),
    ("project:$project", lambda _: True),
    ("message:$issue", lambda _: False),
    ("title:$star", lambda _: False),
    ('level:"$level"', lambda _: False),
]


@pytest.mark.parametrize(("text", "keeps"), CASES, ids=[text for text, _ in CASES])
def test_a_parameter_in_a_search_is_compared_as_its_value(shop: Shop, text: str, keeps: Callable[[Row], bool]) -> None:
    """Texts hold no patterns and no searches, whatever signs are in them; in quotes `$level` is text."""
    context = replace(shop.context, params=VALUES)
    found = shop.runner.run(f"from errors {text} | summarize n=count()", context).table.to_pylist()
    ours = [r for r in shop.seen_errors if keeps(r)]
    if "project" in text:
        ours = [r for r in ours if shop.projects[r["project_id"]] == "web"]
    assert found == [{"n": len(ours)}]


def test_values_are_bound_and_stand_in_no_statement(shop: Shop) -> None:
    """What a value holds is a parameter of the statement."""
    odd = "o'brien`) OR 1=1 --"
    made = plan("from errors level:$level | summarize n=count()", replace(shop.context, params={"level": odd}))
    assert all("brien" not in statement for statement in made.sql)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "from errors http.status_code:>$level",
            "The parameter $level does not fit: http.status_code is a plain number",
        ),
        ("from errors http.status_code:>$codes", "$codes is a list, which has no order"),
        ("from errors level:$since", "The parameter $since does not fit: level holds text here, the value is a time"),
        ("from errors error.handled:$level", "$level does not fit: error.handled takes true or false"),
        ("from errors timestamp:>$level", "$level does not fit: timestamp takes a time"),
        ("from errors level:[$since, error]", "$since is neither text nor number"),
        ("from errors | where `http.status_code:$second`", "$second does not fit"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name_type_and_place(shop: Shop, text: str, message: str) -> None:
    """The place is that of the `$name` in the text, or of the list it stands in."""
    with pytest.raises(TypeProblem) as caught:
        plan(text, replace(shop.context, params=VALUES))
    assert message in caught.value.message
    span = caught.value.span
    assert span is not None
    assert text[span.start : span.end].strip("<>=").startswith(("$", "[$"))


def test_a_name_without_a_value_is_text_and_a_warning_says_so(shop: Shop) -> None:
    """As it is for those who paste a search from elsewhere."""
    made = plan("from errors message:$cash", replace(shop.context, params={}))
    assert any("$cash is looked for as text" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from errors | summarize n=count() by level | where `n:>$many`", {"error"}),
        ("from errors | summarize n=count() by level | having `count():>$many`", {"error"}),
        ("from errors count():>$many | summarize n=count() by level", {"error"}),
        ("from errors | where level in [$levels] | summarize n=count() by level", {"error", "fatal"}),
        ("from errors | where level not in [$levels] | summarize n=count() by level", {"warning"}),
    ],
)
def test_parameters_stand_in_filters_of_groups_and_in_lists(shop: Shop, text: str, expected: set[str]) -> None:
    """A sign belongs to the filter, also where the key is a column that a stage made."""
    most = sum(r["level"] == "error" for r in shop.seen_errors)
    params: dict[str, Any] = {**VALUES, "many": most - 1}
    found = shop.runner.run(text, replace(shop.context, params=params)).table.to_pylist()
    assert {row["level"] for row in found} == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("span.duration:>2s", "from spans"),
        ("from errors transaction.duration:>2s", "from transactions"),
        ("from spans transaction.duration:>2s", "from transactions"),
    ],
)
def test_a_quantity_on_a_field_of_another_dataset_says_which(shop: Shop, text: str, hint: str) -> None:
    """The most frequent slip of those who come from a product with one dataset."""
    with pytest.raises(TypeProblem, match="holds text here, the value is a duration") as caught:
        plan(text, shop.context)
    assert hint in caught.value.suggestion


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("let limit = 5m; from spans | where span.duration < limit", lambda _: True),
        ("let limit = 1s; from spans | where limit < span.duration", lambda r: r["duration_ns"] > 10**9),
        ("from spans | extend d = span.duration | where `d:>1.5s`", lambda r: r["duration_ns"] > 1_500_000_000),
    ],
)
def test_units_are_settled_by_the_other_operand(shop: Shop, text: str, keeps: Callable[[Row], bool]) -> None:
    """`5m` bound by `let` is as long as one written in its place; a filter of a made column knows units, too."""
    found = shop.rows(f"{text} | summarize n=count()")
    assert found == [{"n": sum(map(keeps, shop.seen_spans))}]
