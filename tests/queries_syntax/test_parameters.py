"""Declared parameters: what a value of each type is, and that a wrong one is refused by name."""

from __future__ import annotations

import datetime as dt

import pytest

from queries import ast
from queries.errors import QueryError
from queries.parameters import (
    Parameter,
    ParameterType,
    bind,
    bind_value,
    check_declared,
    read_parameters,
    typed_values,
    used_parameters,
)
from queries.parser import parse


@pytest.mark.parametrize(
    ("kind", "given", "bound"),
    [
        ("string", "a' OR 1=1 | limit 5", "a' OR 1=1 | limit 5"),
        ("string", "", ""),
        ("number", 5, 5),
        ("number", 2**63, 2**63),
        ("number", -0.5, -0.5),
        ("number", " -2k ", -2000),
        ("boolean", False, False),
        ("boolean", "TRUE", True),
        ("time", "2026-03-01", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        ("time", "2026-03-01T10:00:00+01:00", dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)),
        ("duration", "5m", ast.Duration(300 * 10**9)),
        ("duration", "1.5s", ast.Duration(1_500_000_000)),
        ("size", "10kb", ast.Size(10_000.0)),
        ("size", "2b", ast.Size(2.0)),
        ("strings", ["error", "a,b"], ("error", "a,b")),
        ("strings", "error, fatal", ("error", "fatal")),
        ("numbers", [404, 0.5], (404, 0.5)),
        ("numbers", "404,2k", (404, 2000)),
        ("numbers", 5, (5,)),
    ],
)
def test_a_value_of_the_type_is_bound(kind, given, bound):
    """As JSON has it, or as its text."""
    found = bind_value(Parameter("x", ParameterType(kind)), given)
    if isinstance(bound, dt.datetime):
        assert isinstance(found, dt.datetime)
        assert found.astimezone(dt.UTC) == bound
    else:
        assert (found, type(found)) == (bound, type(bound))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("string", 5),
        ("string", True),
        ("number", True),
        ("number", "5m"),
        ("number", ""),
        ("number", "1; drop"),
        ("number", "9" * 600),
        ("boolean", 1),
        ("boolean", "yes"),
        ("time", "yesterday"),
        ("time", "2026-13-01"),
        ("time", 5),
        ("duration", 5),
        ("duration", "5"),
        ("duration", "5mb"),
        ("duration", "-5m"),
        ("size", "5m"),
        ("size", 10),
        ("strings", []),
        ("strings", "a,,b"),
        ("strings", [1]),
        ("strings", [["a"]]),
        ("numbers", ["x"]),
        ("numbers", [True]),
        ("string", ["a"]),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(kind, given):
    """With what would be one."""
    with pytest.raises(QueryError) as caught:
        bind_value(Parameter("x", ParameterType(kind)), given)
    assert caught.value.code == "parameter-type"
    assert "$x takes" in caught.value.message


def test_defaults_stand_in_and_missing_and_unknown_values_are_told():
    """A null is no value."""
    declared = read_parameters([{"name": "a", "type": "number", "default": 1}, {"name": "b", "type": "string"}])
    assert bind(declared, {"b": "x"}) == {"a": 1, "b": "x"}
    assert bind(declared, {"a": None, "b": "x"}) == {"a": 1, "b": "x"}
    for given, code in (({}, "parameter-missing"), ({"b": "x", "c": 1}, "parameter-unknown")):
        with pytest.raises(QueryError) as caught:
            bind(declared, given)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "declared",
    [
        [{"name": "", "type": "string"}],
        [{"name": "a-b", "type": "string"}],
        [{"name": "a", "type": "text"}],
        [{"name": "a", "type": "number", "default": "x"}],
        [{"name": "a", "type": "number", "default": [1]}],
        [{"name": "a", "type": "string"}, {"name": "a", "type": "number"}],
        [{"name": f"p{n}", "type": "string"} for n in range(51)],
    ],
)
def test_declarations_that_cannot_be_are_refused(declared):
    """Names, types, defaults, doubles, too many."""
    with pytest.raises(QueryError):
        read_parameters(declared)


def test_a_text_and_its_declarations_must_fit():
    """Wherever in the text a parameter stands, and with its place."""
    text = (
        "let big = $most * 2; from errors | where level in [$level, 'x'] and n > big "
        "| join (from errors | where a = $b) on a"
    )
    query = parse(text)
    used = used_parameters(query)
    assert set(used) == {"most", "level", "b"}
    assert text[used["b"].start : used["b"].end] == "$b"
    with pytest.raises(QueryError) as caught:
        check_declared(query, read_parameters([{"name": "most", "type": "number"}, {"name": "b", "type": "string"}]))
    assert caught.value.span == used["level"]
    everything = [{"name": name, "type": "string"} for name in ("most", "level", "b")]
    check_declared(query, read_parameters(everything))
    with pytest.raises(QueryError, match="does not use"):
        check_declared(query, read_parameters([*everything, {"name": "more", "type": "string"}]))


def test_a_question_may_give_values_with_their_types():
    """JSON has no durations; other values stay as they are."""
    given = {"a": {"type": "duration", "value": "5m"}, "b": 1, "c": {"k": 1}}
    assert typed_values(given) == {"a": ast.Duration(300 * 10**9), "b": 1, "c": {"k": 1}}
    for wrong in (
        {"type": "duration", "value": "x"},
        {"type": "colour", "value": "x"},
        {"type": "number", "value": []},
    ):
        with pytest.raises(QueryError):
            typed_values({"a": wrong})


def test_parameters_of_searches_are_used_ones_too():
    """In values, behind signs, in lists, in arguments of aggregates and in backticked searches; not in quotes."""
    text = (
        'from spans level:$a n:>$b c:[$d, x] count_at_least(span.duration, $e):>$f title:"$no" it costs $five '
        "| where `x:$g` and y = $h | diff `z:$i`"
    )
    found = used_parameters(parse(text))
    assert list(found) == ["a", "b", "d", "e", "f", "g", "h", "i"]
    assert text[found["a"].start : found["a"].end] == "$a"


def test_an_undeclared_name_in_a_search_is_refused_with_both_ways_out():
    """It may be meant as a parameter, or as the text it is."""
    with pytest.raises(QueryError, match="not declared") as caught:
        check_declared(parse("message:$cash"), ())
    assert caught.value.span is not None
    assert '"$cash"' in caught.value.suggestion
