"""A project's own scrub rules: what they do, and what is said of those that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules import RuleProblem, RulesInvalid
from engine.schema import TABLES
from engine.snapshot import ProjectConfig
from ingest.scrub import FILTERED, Scrubber
from ingest.scrub.rules import DATASETS, parse_rules


def scrub(rules: str, value: Any, dataset: str = "errors") -> Any:
    """Return a value after the rules alone."""
    project = ProjectConfig(id=1, slug="shop", scrub_rules=rules, scrub_defaults=False, scrub_key="k")
    return json.loads(Scrubber(project).payload(json.dumps(value).encode(), dataset).text)


EVENT = {
    "user": {"id": "77", "email": "ann@example.org", "ip_address": "203.0.113.9"},
    "message": "CUST-12 ann@example.org called",
    "extra": {"customer": {"name": "Ann", "n": 5, "on": True}, "list": ["a", "b"]},
    "exception": {"values": [{"value": "for CUST-12"}, {"value": "x"}]},
    "tags": [["customer", "77"], ["b", "c"]],
}


def but(**members: Any) -> dict[str, Any]:
    """Return the event with other members."""
    return EVENT | members


@pytest.mark.parametrize(
    ("rules", "after"),
    [
        ("", EVENT),
        ("# nothing\n\n   # but comments", EVENT),
        ("mask email from message", but(message="CUST-12 ***@example.org called")),
        ("mask email from $.message", but(message="CUST-12 ***@example.org called")),
        ("mask email from $.user.message", EVENT),
        ('replace "[c]" //CUST-\\d+// from message', but(message="[c] ann@example.org called")),
        ("remove from extra.customer", but(extra={"customer": None, "list": ["a", "b"]})),
        ("remove anything from $.extra", but(extra=None)),
        ("mask from $.extra.*.name", but(extra={"customer": {"name": "***", "n": 5, "on": True}, "list": ["a", "b"]})),
        ("mask from extra.list", but(extra={"customer": EVENT["extra"]["customer"], "list": ["*", "*"]})),  # type: ignore[index]
        ("mask from extra.list.*", but(extra={"customer": EVENT["extra"]["customer"], "list": ["*", "*"]})),  # type: ignore[index]
        (
            "mask from extra.**",
            but(extra={"customer": {"name": "***", "n": "*", "on": True}, "list": ["*", "*"]}),
        ),
        (
            "mask //CUST-\\d+// from exception.values.*.value",
            but(exception={"values": [{"value": "for ****-**"}, {"value": "x"}]}),
        ),
        (
            'replace "X" //CUST-\\d+// from $string',
            but(message="X ann@example.org called", exception={"values": [{"value": "for X"}, {"value": "x"}]}),
        ),
        ("mask from tags.customer", but(tags=[["customer", "**"], ["b", "c"]])),
        (
            "mask from customer",
            but(
                extra={"customer": {"name": "***", "n": "*", "on": True}, "list": ["a", "b"]},
                tags=[["customer", "**"], ["b", "c"]],
            ),
        ),
        ("mask from logs:$string", EVENT),
        ("mask ip from logs,errors:**", but(user=EVENT["user"] | {"ip_address": "203.0.113.0"})),  # type: ignore[operator]
        ("mask from USER.Id", but(user=EVENT["user"] | {"id": "**"})),  # type: ignore[operator]
        ("mask from $.user.id\nkeep user", EVENT),
        ("mask from **.id\nkeep errors:$.user.id", EVENT),
    ],
)
def test_what_rules_do(rules: str, after: Any) -> None:
    """Paths, lists, pairs, datasets, expressions, exceptions; letter case of names does not matter."""
    assert scrub(rules, EVENT) == after


def test_hashes_are_stable_within_a_project_only() -> None:
    """The same value is recognised again wherever it stands; numbers are hashed as their text."""
    once = scrub("hash from id", {"id": "77", "a": {"id": 77}, "b": {"id": "78"}})
    assert once["id"] == once["a"]["id"] != once["b"]["id"]
    assert once["id"].startswith("hash:")
    other = Scrubber(ProjectConfig(id=1, slug="x", scrub_rules="hash from id", scrub_key="other"))
    assert once["id"].encode() not in other.payload(b'{"id":"77"}').text


def test_containers_and_typed_attributes_are_looked_through() -> None:
    """The items of a container are each the top of a path; a type is no value."""
    container = {"items": [{"body": "b", "attributes": {"customer": {"value": "Ann", "type": "string"}}}], "version": 2}
    after = scrub("mask from $.attributes.customer\nremove from $.body", container, "logs")
    assert after["items"] == [{"body": None, "attributes": {"customer": {"value": "***", "type": "string"}}}]
    otlp = {"attributes": [{"key": "customer", "value": {"stringValue": "Ann"}}]}
    assert scrub("mask from customer", otlp) == {"attributes": [{"key": "customer", "value": {"stringValue": "***"}}]}
    project = ProjectConfig(id=1, slug="x", scrub_rules="mask from attributes.customer")
    assert Scrubber(project).attributes({"customer": "Ann", "b": 1}).values == {"customer": "***", "b": 1}


def test_rules_come_on_top_of_the_defaults() -> None:
    """And see what the defaults have left; both leave a remark."""
    project = ProjectConfig(id=1, slug="x", scrub_rules='replace "[name]" from name\nkeep extra.token')
    text = b'{"name":"Ann","password":"p","extra":{"token":"t","secret":"s"}}'
    scrubbed = Scrubber(project).payload(text)
    assert json.loads(scrubbed.text) == {
        "name": "[name]",
        "password": FILTERED,
        "extra": {"token": "t", "secret": FILTERED},
    }
    assert scrubbed.remarks == ("scrubbed:member", "scrubbed:rule")
    keeps = Scrubber(ProjectConfig(id=1, slug="x", scrub_rules="keep $.extra.token")).payload(
        b'{"extra":{"token":"t"}}'
    )
    assert (keeps.text, keeps.remarks) == (b'{"extra":{"token":"t"}}', ())


@pytest.mark.parametrize(
    ("line", "start", "end", "message"),
    [
        ("hide email from user", 1, 5, "'hide' is no action. Begin with mask, hash, remove, replace or keep."),
        ("mask emails from user", 6, 12, "'emails' is no pattern. Write anything, one of pem,"),
        ("mask email", 11, 11, "Here `from` and where to look are missing. Such as mask email from $string."),
        ("mask email user", 12, 16, "Here `from` and where to look are missing."),
        ("mask email from", 16, 16, "One place to look is needed."),
        ("mask email from user.id extra", 25, 30, "One place to look is needed."),
        ("mask email from bugs:user", 17, 21, "'bugs' is no dataset. Before the colon stand some of errors,"),
        ("mask email from user..id", 17, 25, "'user..id' is no path."),
        ("mask email from errors:$text", 24, 29, "'$text' is no path."),
        ("mask //(// from user", 6, 11, "The expression cannot be read: missing )"),
        ("mask //(?=x)// from user", 6, 15, "The expression cannot be read: invalid perl operator"),
        ("mask //x*// from user", 6, 12, "The expression matches an empty text."),
        ("replace email from user", 8, 24, "replace needs a text."),
        ('replace "x email from user', 9, 10, "This quotation mark or slash is never closed."),
        ("keep", 5, 5, "One place to look is needed."),
    ],
)
def test_what_is_said_of_a_wrong_rule(line: str, start: int, end: int, message: str) -> None:
    """The place in the text, what is wrong and what to write instead."""
    with pytest.raises(RulesInvalid) as caught:
        parse_rules(f"# a comment\n{line}")
    problem = caught.value.problems[0]
    assert (problem.line, problem.start, problem.end) == (2, start, end)
    assert str(problem).startswith(f"line 2, column {start}: {message}")


def test_all_problems_are_said_at_once() -> None:
    """With their lines."""
    with pytest.raises(RulesInvalid) as caught:
        parse_rules("hide x\nmask ip from user\nmask y from user")
    assert [p.line for p in caught.value.problems] == [1, 3]


@given(st.text('mask ehrplcdiv"/$.*:#\\()\n', max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_rules_or_has_problems(text: str) -> None:
    """Nothing else comes out of the parser, and every problem lies in the text."""
    try:
        parse_rules(text)
    except RulesInvalid as error:
        lines = text.splitlines()
        for problem in error.problems:
            assert isinstance(problem, RuleProblem)
            assert 1 <= problem.start <= problem.end <= len(lines[problem.line - 1]) + 1


def test_datasets_are_those_of_the_store() -> None:
    """A selector may name every dataset that holds what clients send."""
    assert set(DATASETS) <= set(TABLES)
