"""What completion offers at every kind of place, in finished, unfinished and broken texts."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.editor import Completions, Facts, complete, value_items
from queries.parser import parse

FACTS = Facts(
    projects=("shop", "web app"), tags={"errors": ("region", "key with space", "level"), "spans": ("db.system",)}
)


def at(text: str) -> Completions:
    """Complete where `¦` stands."""
    return complete(text.replace("¦", ""), text.index("¦"), FACTS)


def labels(text: str, kind: str = "") -> list[str]:
    return [item.label for item in at(text).items if kind in {"", item.kind}]


def applied(text: str, label: str) -> str:
    """The text after choosing an item."""
    found = at(text)
    item = next(i for i in found.items if i.label == label)
    plain = text.replace("¦", "")
    return plain[: found.from_] + item.insert + plain[found.to :]


@pytest.mark.parametrize(
    ("text", "label", "after"),
    [
        ("lev¦", "level", "level:"),
        ("!lev¦ user:x", "level", "!level: user:x"),
        ("level:error env¦", "environment", "level:error environment:"),
        ("(level:error OR env¦", "environment", "(level:error OR environment:"),
        ("fr¦", "from", "from "),
        ("from err¦", "errors", "from errors "),
        ("from errors, sp¦", "spans", "from errors, spans "),
        ("from spans span.d¦", "span.duration", "from spans span.duration:"),
        ("from spans last 2h span.d¦", "span.duration", "from spans last 2h span.duration:"),
        ("level:error | summ¦", "summarize", "level:error | summarize "),
        ("level:error | ¦", "sort", "level:error | sort "),
        ("from errors | summarize co¦", "count_unique", "from errors | summarize count_unique("),
        ("from errors | summarize n=co¦", "count", "from errors | summarize n=count("),
        ("from errors | summarize n=count() by rel¦", "release", "from errors | summarize n=count() by release"),
        ("from errors | summarize n=count() ¦", "by", "from errors | summarize n=count() by "),
        ("from errors | summarize count_unique(us¦", "user", "from errors | summarize count_unique(user"),
        ("from errors | summarize n=count() by level | sort ¦", "n", "from errors | summarize n=count() by level | sort n"),
        ("from errors | summarize n=count() by level | sort n ¦", "desc", "from errors | summarize n=count() by level | sort n desc "),
        ("from errors | make-series count() every ¦", "1h", "from errors | make-series count() every 1h"),
        ("from errors | make-series count() every 1h fill ¦", "zero", "from errors | make-series count() every 1h fill zero"),
        ("from errors | summarize count_if(`lev¦", "level", "from errors | summarize count_if(`level:"),
        ("from errors | where start¦", "startswith", "from errors | where startswith("),
        ("is:unre¦", "unresolved", "is:unresolved"),
        ("has:us¦", "user", "has:user"),
        ("project:sh¦", "shop", "project:shop"),
        ("error.handled:¦", "true", "error.handled:true"),
        ("from errors | where error.handled = t¦", "true", "from errors | where error.handled = true"),
        ("from spans span.duration:¦", ">", "from spans span.duration:>"),
        ("timestamp:¦", "-24h", "timestamp:-24h"),
        ("reg¦", "region", "region:"),
        ("key¦", "key with space", 'tags["key with space"]:'),
        ("from errors | summarize count() by key¦", "key with space", 'from errors | summarize count() by tags["key with space"]'),
        ('from errors | summarize count() by tags["re¦"]', "region", 'from errors | summarize count() by tags["region"]'),
        ("let slow = from sp¦", "spans", "let slow = from spans "),
        ("let slow = from spans span.duration:>2s; from sl¦", "slow", "let slow = from spans span.duration:>2s; from slow "),
        ("from errors | facets lev¦", "level", "from errors | facets level"),
    ],
)  # fmt: skip
def test_an_item_is_offered_and_fits(text: str, label: str, after: str) -> None:
    """The item is there under its name, and choosing it gives the text a reader would have typed."""
    assert label in labels(text)
    assert applied(text, label) == after


@pytest.mark.parametrize(
    ("text", "range_", "query"),
    [
        ("level:er¦", (6, 8), 'from errors | where level contains "er" | summarize count=count() by value=level | sort count desc | limit 50'),
        ("level:¦", (6, 6), "from errors | where level != null | summarize count=count() by value=level | sort count desc | limit 50"),
        ("level:[error, fa¦", (14, 16), 'from errors | where level contains "fa" | summarize count=count() by value=level | sort count desc | limit 50'),
        ('title:"two w¦', (6, 12), 'from errors | where title contains "two w" | summarize count=count() by value=title | sort count desc | limit 50'),
        ("from spans span.op:d¦", (19, 20), 'from spans | where span.op contains "d" | summarize count=count() by value=span.op | sort count desc | limit 50'),
        ("tags[region]:e¦", (13, 14), 'from errors | where tags["region"] contains "e" | summarize count=count() by value=tags["region"] | sort count desc | limit 50'),
        ("issue:¦", (6, 6), "from errors | summarize count=count() by value=issue | sort count desc | limit 50"),
        ('from errors | where level = "e¦"', (29, 30), 'from errors | where level contains "e" | summarize count=count() by value=level | sort count desc | limit 50'),
        ("from errors | where level = ¦", (28, 28), "from errors | where level != null | summarize count=count() by value=level | sort count desc | limit 50"),
    ],
)  # fmt: skip
def test_values_are_counted_by_a_query(text: str, range_: tuple[int, int], query: str) -> None:
    """Nothing is read here: the answer says what to ask, and the text can be run."""
    found = at(text)
    assert found.value_query == query
    assert (found.from_, found.to) == range_
    parse(query)


def test_values_are_written_as_their_place_needs_them() -> None:
    """In a search with quotes where needed, in an expression always, inside open quotes never."""
    rows = [{"value": "error", "count": 5}, {"value": 'two "w', "count": 1}, {"value": None, "count": 3}]
    assert [i.insert for i in value_items(at("level:¦"), rows)] == ["error", '"two \\"w"']
    assert [i.insert for i in value_items(at("from errors | where level = ¦"), rows)] == ['"error"', '"two \\"w"']
    assert [i.insert for i in value_items(at('from errors | where level = "¦"'), rows)] == ["error", 'two \\"w']
    assert value_items(at("level:¦"), rows)[0].detail == "5"


def test_columns_of_earlier_stages_take_the_place_of_fields() -> None:
    """After a grouping only its columns can be named; after `extend` the fields stay."""
    assert labels("from errors | summarize n=count() by level | where ¦", "field") == ["level", "n"]
    assert labels("from errors | make-series n=count() by level | where ¦", "field") == ["timestamp", "level", "n"]
    assert labels("from errors | extend twice=1 | where ¦", "field")[0] == "twice"
    assert "level" in labels("from errors | extend twice=1 | where lev¦", "field")


def test_a_column_is_offered_under_its_best_name_only() -> None:
    """`error.type` is offered, `error_type` beneath it is not; what no field reads is."""
    text = "from errors | summarize n=count() by "
    labels = [item.label for item in complete(text, len(text)).items if item.kind == "field"]
    assert {"error.type", "contexts", "modules"} <= set(labels)
    assert not [label for label in labels if label.startswith("error_")]


def test_every_item_says_what_it_is() -> None:
    """Fields carry their type and a line of documentation, functions their signature."""
    duration = next(i for i in at("from spans span.d¦").items if i.label == "span.duration")
    assert (duration.kind, duration.type, bool(duration.detail)) == ("field", "duration", True)
    count = next(i for i in at("from errors | summarize cou¦").items if i.label == "count")
    assert count.kind == "function"
    assert count.detail.startswith("count(")
    assert at("lev¦").as_dict()["from"] == 0


@settings(max_examples=400, deadline=None)
@given(
    st.text(st.sampled_from("abfrom errors|summarize by level:[]()`\"'\\;let=,.!<>-  count"), max_size=60),
    st.integers(-3, 70),
)
def test_no_text_makes_it_fail(text: str, cursor: int) -> None:
    """Whatever is typed and wherever the cursor stands, the range lies around it within the text."""
    found = complete(text, cursor, FACTS)
    clipped = min(max(cursor, 0), len(text))
    assert 0 <= found.from_ <= clipped <= found.to <= len(text)
    if found.value_query is not None:
        parse(found.value_query)


def test_it_takes_a_few_milliseconds() -> None:
    """Five at most, with a page of text before the cursor; the quickest of twenty in CPU time of this thread, so that nothing else counts."""
    text = (
        "from errors level:error "
        + "| extend a = length(title) + 1 | where a > 3 " * 8
        + "| summarize n=count() by rel"
    )
    complete(text, len(text), FACTS)
    assert min(_cost(text, len(text)) for _ in range(20)) < 0.005


def _cost(text: str, cursor: int) -> float:
    """CPU seconds of this thread for one completion."""
    began = time.thread_time()
    complete(text, cursor, FACTS)
    return time.thread_time() - began


@pytest.mark.parametrize(
    "text",
    [
        "from errors | where " + "a" * 16_000 + " )",
        "from errors last " + "a" * 16_000 + "  ",
        "from errors " + "a." * 8_000 + ":",
        "from errors " + "-" * 16_000 + "a:b",
        "from errors | where " + "a" * 16_000 + " in [",
    ],
)
def test_a_long_word_does_not_take_the_square_of_its_length(text: str) -> None:
    """While an expression is matched, no other thread of the server runs."""
    for cursor in (len(text), len(text) // 2):
        assert min(_cost(text, cursor) for _ in range(3)) < 0.5
