"""A project's rules of grouping: what they match, what they do, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.snapshot import ProjectConfig
from ingest.jsontext import decode_json, encode_json
from ingest.normalise.event import event_row
from ingest.normalise.model import Arrival
from ml.grouping.project import (
    GroupingRulesInvalid,
    fingerprint_by_rules,
    parse_fingerprint_rules,
    parse_stack_rules,
    ruled_frames,
)

EVENT: dict[str, Any] = {
    "platform": "python",
    "transaction": "/pay",
    "level": "error",
    "logger": "shop.pay",
    "tags": [["plan", "gold"], ["region", "eu-1"]],
    "sdk": {"name": "sentry.python"},
    "release": "shop@1.2",
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'EUR'"},
            {
                "type": "PaymentFailed",
                "value": "no rate for order 17",
                "stacktrace": {
                    "frames": [
                        {"module": "flask.app", "function": "dispatch", "in_app": False},
                        {"module": "shop.pay", "function": "retry_charge", "filename": "Shop/pay.py", "in_app": True},
                    ]
                },
            },
        ]
    },
}


@pytest.mark.parametrize(
    ("matchers", "fits"),
    [
        ("error.type:PaymentFailed", True),
        ("type:Payment*", True),
        ("error.type:paymentfailed", False),
        ("!error.type:Timeout", True),
        ('error.type:KeyError error.value:"no rate*"', False),
        ('error.value:"NO RATE*"', True),
        ('message:"no rate for *"', True),
        ("logger:shop.*", True),
        ("level:warning", False),
        ("tags.plan:gold tags.region:eu-*", True),
        ("tags.plan:silver", False),
        ("!tags.nothing:x", True),
        ("sdk:sentry.python release:shop@* transaction:/pay", True),
        ("stack.function:retry_* stack.module:shop.*", True),
        ("stack.function:retry_* stack.module:flask.*", False),
        ("path:**/PAY.py", True),
        ("path:*/pay.py family:python app:yes", True),
        ("family:javascript stack.function:*", False),
        ("function:dispatch app:no", True),
    ],
)
def test_a_rule_fits_where_all_its_matchers_hold(matchers: str, fits: bool) -> None:
    """Those of exceptions for one exception, those of frames for one frame."""
    rules = parse_fingerprint_rules(f"{matchers} -> one")
    assert (fingerprint_by_rules(EVENT, rules) is not None) is fits


def test_the_first_rule_that_fits_decides_and_may_name_the_issue() -> None:
    """Variables stand in values and titles; quoted values keep their commas."""
    rules = parse_fingerprint_rules(
        "# ours\nlevel:warning -> never\n"
        'error.type:Payment* -> pay, {{ transaction }}, "a, b" title="Pay {{ tags.plan }}"\n'
        "error.type:* -> other"
    )
    found = fingerprint_by_rules(EVENT, rules)
    assert found is not None
    assert (found.line, found.values) == (3, ("pay", "{{ transaction }}", "a, b"))
    assert found.title_for(EVENT) == "Pay gold"


@pytest.mark.parametrize(
    ("line", "start", "message"),
    [
        ("error.typ:x -> y", 1, "'error.typ:x' is no matcher."),
        ("error.type:x", 1, "A rule is matchers, -> and a fingerprint."),
        ("error.type:x -> ", 14, "There is no fingerprint behind ->."),
        ("-> y", 1, "There is no matcher before ->."),
        ("error.type:x -> {{ errror }}", 17, "{{ errror }} is no variable."),
        ('error.type:x -> y title="{{ nope }}"', 26, "{{ nope }} is no variable."),
        ('error.type:x -> "open', 16, "This is no value of a fingerprint."),
    ],
)
def test_what_is_said_of_a_wrong_fingerprint_rule(line: str, start: int, message: str) -> None:
    """Its place, and what to write instead."""
    with pytest.raises(GroupingRulesInvalid) as caught:
        parse_fingerprint_rules(f"error.type:a -> b\n{line}")
    problem = caught.value.problems[0]
    assert (problem.line, problem.start, problem.message) == (2, start, message)
    assert problem.hint
    assert caught.value.field == "options.fingerprint_rules"


@pytest.mark.parametrize(
    ("rules", "groups", "in_app"),
    [
        ("module:b -group", [None, False, None], [False, True, True]),
        ("module:b ^-group v-app", [False, None, None], [False, True, False]),
        ("module:a +app\nmodule:b ^-app", [None, None, None], [False, True, True]),
        ("module:a ^-group", [None, None, None], [False, True, True]),
        ("module:* max-frames=1", [None, False, None], [False, True, True]),
        ("module:* min-frames=3", [False, False, False], [False, True, True]),
        ("module:nothing -group", [None, None, None], [False, True, True]),
        ("module:c +group ^+group", [True, True, True], [False, True, True]),
    ],
)
def test_stack_rules_reach_the_frames_around(rules: str, groups: list[bool | None], in_app: list[bool]) -> None:
    """`^` the frames that called the one that fits, `v` those it called; later lines win."""
    frames: list[dict[str, Any]] = [{"module": name, "in_app": name != "a"} for name in "abc"]
    ruled_frames(frames, "python", parse_stack_rules(rules))
    assert [frame.get("group") for frame in frames] == groups
    assert [frame["in_app"] for frame in frames] == in_app


@pytest.mark.parametrize("word", ["invert-stacktrace=1", "category=ui", "[", "|"])
def test_what_is_not_supported_is_said(word: str) -> None:
    """Instead of being taken for a typing mistake."""
    with pytest.raises(GroupingRulesInvalid, match="is not supported here"):
        parse_stack_rules(f"module:a {word} +app")


PIECES = [*'ab:*!"\\{}->, .=^v+\n', "error.type:", " -> ", "title=", "{{ default }}", "+app"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_text_breaks_the_parsers(pieces: list[str]) -> None:
    """Rules are read, or refused with places inside the text."""
    text = "".join(pieces)
    for parse in (parse_fingerprint_rules, parse_stack_rules):
        try:
            parse(text)
        except GroupingRulesInvalid as error:
            for problem in error.problems:
                assert 1 <= problem.line <= len(text.splitlines())
                assert 1 <= problem.start <= problem.end


def arrived(**options: Any) -> dict[str, Any]:
    project = ProjectConfig(1, "shop", grouping_version="v2", **options)
    return event_row(decode_json(encode_json(EVENT)), Arrival(project, 1_800_000_000 * 10**9))


def test_rules_hold_when_an_event_arrives() -> None:
    """They replace the fingerprint, name the issue, and say which frames count."""
    plain = arrived()
    ruled = arrived(fingerprint_rules='error.type:Payment* -> pay title="Payments on {{ transaction }}"')
    assert ruled["fingerprint"] != plain["fingerprint"]
    assert ruled["title"] == "Payments on /pay"
    assert plain["title"] == "PaymentFailed: no rate for order 17"
    assert arrived(in_app_rules="function:retry_charge -group")["fingerprint"] != plain["fingerprint"]
    assert arrived(in_app_rules="function:nothing -group")["fingerprint"] == plain["fingerprint"]


def test_in_the_window_of_a_new_version_both_fingerprints_are_made() -> None:
    """When the window is over, or there is none, the new one alone is."""
    until = 1_800_000_100
    assert arrived(grouping_before="v1", grouping_before_until=until)["fingerprint_before"] != arrived()["fingerprint"]
    assert "fingerprint_before" not in arrived(grouping_before="v1", grouping_before_until=until - 200)
    assert "fingerprint_before" not in arrived()


@pytest.mark.parametrize(
    "line",
    ["type:a -> " + "{{}}" * 2000 + '"', '"' + '\\"' * 8000 + " -> x", "a " * 8000 + "-> x"],
    ids=["variables", "quotes", "words"],
)
def test_lines_meant_to_take_long_are_refused_in_few_words(line: str) -> None:
    with pytest.raises(GroupingRulesInvalid) as wrong:
        parse_fingerprint_rules(line)
    assert len(wrong.value.message) < 5000


def test_many_blanks_before_what_is_no_title_are_read_once() -> None:
    (rule,) = parse_fingerprint_rules("type:a -> x" + " " * 15_000 + "y")
    assert not rule.title


def test_ranges_of_many_fitting_frames_reach_as_far_as_the_widest() -> None:
    frames = [{"function": "f", "in_app": True} for _ in range(10_000)]
    ruled_frames(frames, "python", parse_stack_rules("function:f ^-group v-app"))
    assert [frame.get("group") for frame in (frames[0], frames[-2], frames[-1])] == [False, False, None]
    assert [frame["in_app"] for frame in (frames[0], frames[1], frames[-1])] == [True, False, False]


def test_rules_of_stacks_are_held_against_the_frames_that_are_kept() -> None:
    """A deep stack costs no more than what is kept of it."""
    frames = [{"function": "f", "module": f"m{number}", "in_app": True} for number in range(400)]
    event = {"exception": {"values": [{"type": "E", "value": "v", "stacktrace": {"frames": frames}}]}}
    rules = "module:m200 v-app\nmodule:m399 -app"
    project = ProjectConfig(1, "shop", in_app_rules=rules)
    row = event_row(decode_json(encode_json(event)), Arrival(project, 1_800_000_000 * 10**9))
    assert len(row["stack_functions"]) == 250
    assert row["stack_in_app"][-2:] == [True, False]
