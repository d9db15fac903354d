"""Events to rows of `errors`: every odd shape is read, every change is remarked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.schema import TABLES
from engine.snapshot import ProjectConfig
from ingest.batches import batch_of
from ingest.jsontext import decode_json
from ingest.normalise.event import event_row
from ingest.normalise.remarks import REMARKS
from tests.ingest.helpers import NOW_NS, SPAN, TRACE, arrival, event

COLUMNS = {c.name for c in TABLES["errors"].columns if not c.alias}


def boom(**more: Any) -> dict[str, Any]:
    """An exception with two frames."""
    frames = [
        {
            "function": "outer",
            "module": "lib.x",
            "filename": "x.py",
            "abs_path": "/v/site-packages/lib/x.py",
            "lineno": 1,
        },
        {"function": "inner", "module": "app.y", "filename": "y.py", "abs_path": "/srv/app/y.py", "lineno": "7"},
    ]
    return {"type": "ValueError", "value": "bad\nthing", "stacktrace": {"frames": frames}, **more}


def test_a_row_has_exactly_the_stored_columns() -> None:
    """Neither more nor fewer, whatever the event has."""
    for data in ({}, {"exception": [boom()]}, {"message": "x"}):
        row = event(data)
        assert set(row) == COLUMNS
        batch_of("errors", [row])


def test_the_columns_of_an_exception() -> None:
    """Arrays are in order, the last exception is the root, frames know theirs."""
    row = event(
        {"exception": {"values": [{"type": "KeyError", "value": "k"}, boom(mechanism={"type": "x", "handled": False})]}}
    )
    assert (row["type"], row["error_type"], row["error_value"], row["error_handled"]) == (
        "error",
        "ValueError",
        "bad\nthing",
        False,
    )
    assert row["error_types"] == ["KeyError", "ValueError"]
    assert row["error_mechanisms"] == ["", "x"]
    assert row["stack_functions"] == ["outer", "inner"]
    assert row["stack_linenos"] == [1, 7]
    assert row["stack_in_app"] == [False, True]
    assert row["stack_exceptions"] == [1, 1]
    assert row["title"] == "ValueError: bad"
    assert row["culprit"] == "app.y in inner"


@pytest.mark.parametrize(
    "exception",
    [[boom()], {"values": [boom()]}, {"values": [None, boom(), None]}, boom(), [boom(), {}, {"type": None}]],
)
def test_exceptions_come_in_every_shape(exception: Any) -> None:
    """List, `values`, one object, with nulls and empty ones."""
    assert event({"exception": exception})["error_types"] == ["ValueError"]


@pytest.mark.parametrize("nothing", [None, [], {}, {"values": None}, {"values": []}, [{"type": "", "value": None}]])
def test_an_event_without_exception_is_a_message(nothing: Any) -> None:
    """Whatever form the nothing has."""
    row = event({"exception": nothing, "message": "hello\nworld"})
    assert (row["type"], row["title"], row["message"]) == ("default", "hello", "hello\nworld")


def test_a_value_with_a_type_in_it_is_split() -> None:
    """`TypeError: x is not a function` as the value alone."""
    row = event({"exception": [{"value": "TypeError: x is not a function"}]})
    assert (row["error_type"], row["error_value"]) == ("TypeError", "x is not a function")


def test_a_synthetic_exception_is_titled_by_its_function() -> None:
    """Its type names the reporter."""
    row = event({"exception": [boom(type="SIGABRT", mechanism={"synthetic": True})]})
    assert row["title"] == "inner: bad"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"message": "plain"}, "plain"),
        ({"message": {"message": "plain"}}, "plain"),
        ({"message": {"formatted": "done 5", "message": "done %s"}}, "done 5"),
        ({"logentry": "text"}, "text"),
        ({"logentry": {"message": "Hello %s, %d%%", "params": ["World", 5]}}, "Hello World, 5%"),
        ({"logentry": {"message": "%(a)s and %(b)s", "params": {"a": "x"}}}, "x and %(b)s"),
        ({"logentry": {"message": "{} {1} {name}", "params": ["a", "b"]}}, "a b {name}"),
        ({"logentry": {"message": "{name}", "params": {"name": "x"}}}, "x"),
        ({"logentry": {"message": "{0.__class__}", "params": ["x"]}}, "{0.__class__}"),
        ({"logentry": {"message": "50% done", "params": []}}, "50% done"),
        ({"sentry.interfaces.Message": {"message": "old %s", "params": ["client"]}}, "old client"),
        ({}, ""),
    ],
)
def test_messages_are_formatted_like_the_client_would(data: dict[str, Any], message: str) -> None:
    """Both placeholder styles, by position and by name; attributes of values are out of reach."""
    assert event(data)["message"] == message


def test_an_old_raven_event_is_understood() -> None:
    """Interfaces under their class names."""
    row = event(
        {
            "sentry.interfaces.Exception": boom(),
            "sentry.interfaces.Http": {"url": "http://x/", "method": "get"},
            "sentry.interfaces.User": {"id": 3},
            "culprit": "app.y in inner",
            "level": 40,
            "tags": [["plan", "pro"], ["n", 3], ["none", None]],
        },
        client="raven-python/6.10.0",
    )
    assert row["error_types"] == ["ValueError"]
    assert (row["http_url"], row["http_method"], row["user"], row["level"]) == ("http://x/", "GET", "id:3", "error")
    assert row["tags"] == {"plan": "pro", "n": "3"}
    assert (row["sdk_name"], row["sdk_version"]) == ("raven-python", "6.10.0")


@pytest.mark.parametrize(
    ("level", "stored"),
    [
        ("FATAL", "fatal"),
        ("warn", "warning"),
        ("log", "info"),
        (None, "error"),
        (50, "fatal"),
        ("30", "warning"),
        (5, "debug"),
    ],
)
def test_levels(level: Any, stored: str) -> None:
    """Words of all clients, and Python's numbers."""
    assert event({"level": level})["level"] == stored


def test_an_unknown_level_is_remarked() -> None:
    """It becomes `error`."""
    row = event({"level": "loud"})
    assert row["level"] == "error"
    assert "level:invalid" in row["remarks"]


@pytest.mark.parametrize(
    ("user", "word"),
    [
        ({"id": 42, "username": "jane", "email": "j@x"}, "id:42"),
        ({"username": "jane", "email": "j@x"}, "username:jane"),
        ({"email": "j@x", "ip_address": "10.0.0.1"}, "email:j@x"),
        ({"ip_address": "2001:DB8::1"}, "ip:2001:db8::1"),
        ({"ip_address": "{{auto}}"}, "ip:192.0.2.7"),
        ({"id": None}, ""),
        ("jane", "id:jane"),
        (None, ""),
        ([], ""),
    ],
)
def test_the_user_in_one_word(user: Any, word: str) -> None:
    """The first that is known, in Sentry's order; `{{auto}}` is the peer."""
    assert event({"user": user}, remote_addr="192.0.2.7")["user"] == word


@pytest.mark.parametrize(
    ("data", "address"),
    [
        ({"platform": "javascript"}, "192.0.2.7"),
        ({"platform": "javascript", "sdk": {"settings": {"infer_ip": "never"}}}, ""),
        ({"platform": "python", "sdk": {"settings": {"infer_ip": "auto"}}}, "192.0.2.7"),
        ({"platform": "python"}, ""),
        ({"platform": "python", "request": {"env": {"REMOTE_ADDR": "10.1.1.1"}}}, "10.1.1.1"),
        ({"user": {"ip_address": "not an address"}}, ""),
    ],
)
def test_where_the_address_comes_from(data: dict[str, Any], address: str) -> None:
    """Inferred for browsers and apps unless the client forbids it."""
    assert event(data, remote_addr="192.0.2.7")["user_ip"] == address


@pytest.mark.parametrize(
    "tags", [{"a": "1", "b": True}, [["a", 1], ["b", True]], [{"key": "a", "value": "1"}, {"key": "b", "value": True}]]
)
def test_tags_come_as_object_or_pairs(tags: Any) -> None:
    """Values become text."""
    assert event({"tags": tags})["tags"] == {"a": "1", "b": "true"}


def test_long_tags_are_trimmed_and_too_many_dropped() -> None:
    """With remarks."""
    row = event({"tags": {"k" * 300: "x", "v": "y" * 300, **{f"t{n}": "z" for n in range(300)}}})
    assert len(row["tags"]) == 200
    assert max(map(len, row["tags"])) == 200
    assert {"tags.key:trimmed", "tags.value:trimmed", "tags:too_many"} <= set(row["remarks"])


def test_environment_and_release_may_come_as_tags() -> None:
    """Old clients send them there; the columns take them over."""
    row = event({"tags": {"environment": "prod", "release": "1.0", "dist": "7"}})
    assert (row["environment"], row["release"], row["dist"], row["tags"]) == ("prod", "1.0", "7", {})


@pytest.mark.parametrize("release", ["a\nb", "..", "/", " ", "x" * 201, "a\tb"])
def test_an_impossible_release_is_dropped(release: str) -> None:
    """With a remark."""
    row = event({"release": release})
    assert row["release"] == ""
    assert "release:invalid" in row["remarks"] or release.strip() == ""


@pytest.mark.parametrize("environment", ["a/b", "x" * 65, "a\nb"])
def test_an_impossible_environment_is_dropped(environment: str) -> None:
    """With a remark."""
    row = event({"environment": environment})
    assert (row["environment"], "environment:invalid" in row["remarks"]) == ("", True)


def test_contexts_are_flattened_and_shortened() -> None:
    """Scalar members as `context.member`; os, browser, runtime also as "name version"."""
    row = event(
        {
            "contexts": {
                "os": {"name": "Debian", "version": "12.11\n", "type": "os", "nested": {"a": 1}},
                "rust": {"type": "runtime", "name": "rustc", "version": "1.96"},
                "order": {"total": 1.10, "paid": False, "none": None},
                "trace": {"trace_id": TRACE, "span_id": SPAN},
                "broken": "x",
            }
        }
    )
    assert row["contexts"] == {
        "os.name": "Debian",
        "os.version": "12.11",
        "os": "Debian 12.11",
        "rust.name": "rustc",
        "rust.version": "1.96",
        "runtime": "rustc 1.96",
        "order.total": "1.1",
        "order.paid": "false",
    }
    assert (row["trace_id"], row["span_id"]) == (TRACE, SPAN)


AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize("headers", [{"User-Agent": AGENT}, [["user-agent", AGENT]], {"user-agent": [AGENT]}])
def test_the_browser_is_read_from_the_user_agent(headers: Any) -> None:
    """On a server the agent's system is the visitor's."""
    request = {"request": {"headers": headers}}
    browser = event({"platform": "javascript", **request})["contexts"]
    server = event({"platform": "python", **request})["contexts"]
    assert (browser["browser"], browser["os"], browser["browser.name"]) == ("Chrome 130.0", "Windows 10.0", "Chrome")
    assert ("os" in server, server["client_os"]) == (False, "Windows 10.0")


@pytest.mark.parametrize(
    ("frame", "platform", "own"),
    [
        ({"abs_path": "/usr/lib/python3.11/json/decoder.py"}, "python", False),
        ({"abs_path": "/srv/app/a.py"}, "python", True),
        ({"filename": "node_modules/express/index.js"}, "node", False),
        ({"filename": "node:internal/process"}, "node", False),
        ({"module": "java.lang.Thread"}, "java", False),
        ({"module": "org.example.Shop"}, "java", True),
        ({"filename": "gems/rails/x.rb", "abs_path": "/var/gems/rails/x.rb"}, "ruby", False),
        ({"package": "/usr/lib/libc.so.6", "function": "abort"}, "native", False),
        ({"package": "/opt/shop/bin/shop", "function": "main"}, "native", True),
        ({"abs_path": "/usr/lib/python3.11/x.py", "in_app": True}, "python", True),
    ],
)
def test_whose_code_a_frame_is(frame: dict[str, Any], platform: str, own: bool) -> None:
    """The client's word counts; else module, path and package tell."""
    row = event({"platform": platform, "exception": [boom(stacktrace={"frames": [frame]})]})
    assert row["stack_in_app"] == [own]


def test_the_projects_rules_beat_the_clients_word() -> None:
    """Include first, then exclude."""
    project = ProjectConfig(1, "shop", in_app_include=("vendor.ours",), in_app_exclude=("vendor",))
    frames = [
        {"module": "vendor.ours.x", "in_app": False},
        {"module": "vendor.theirs", "in_app": True},
        {"module": "app"},
    ]
    row = event({"exception": [boom(stacktrace={"frames": frames})]}, project=project)
    assert row["stack_in_app"] == [True, False, True]


@pytest.mark.parametrize(
    ("threads", "function"),
    [
        (
            [
                {"stacktrace": {"frames": [{"function": "a"}]}},
                {"crashed": True, "stacktrace": {"frames": [{"function": "b"}]}},
            ],
            "b",
        ),
        ({"values": [{"current": True, "stacktrace": {"frames": [{"function": "c"}]}}]}, "c"),
        ([{"stacktrace": {"frames": [{"function": "d"}]}}], "d"),
    ],
)
def test_a_message_with_threads_has_the_crashed_ones_frames(threads: Any, function: str) -> None:
    """Else the current one's, else the only one's."""
    assert event({"message": "x", "threads": threads})["stack_functions"] == [function]


@pytest.mark.parametrize("frames", [None, [None], {"frames": None}, [1, "x"], {"frames": [None, {"function": "f"}]}])
def test_broken_frames_are_absent(frames: Any) -> None:
    """Null frames occur in real events."""
    assert set(event({"exception": [{"type": "E", "stacktrace": frames}]})["stack_functions"]) <= {"f"}


def test_too_many_frames_are_cut_from_the_middle() -> None:
    """The outermost and the innermost stay."""
    frames = [{"function": f"f{n}"} for n in range(1000)]
    row = event({"exception": [boom(stacktrace={"frames": frames})]})
    assert (len(row["stack_functions"]), row["stack_functions"][0], row["stack_functions"][-1]) == (250, "f0", "f999")
    assert "frames:trimmed" in row["remarks"]


@pytest.mark.parametrize(
    ("timestamp", "micros", "remark"),
    [
        ("2026-11-21T00:40:28.455443Z", 1795221628455443, None),
        (1795221628.455443, 1795221628455443, None),
        (None, NOW_NS // 1000, "timestamp:missing"),
        ("junk", NOW_NS // 1000, "timestamp:missing"),
        (1_000_000_000, NOW_NS // 1000 - 30 * 86_400_000_000, "timestamp:past"),
        (1_895_222_800, NOW_NS // 1000 + 86_400_000_000, "timestamp:future"),
    ],
)
def test_the_timestamp_is_exact_or_remarked(timestamp: Any, micros: int, remark: str | None) -> None:
    """Microseconds as sent; outside the window its edge; without one the arrival."""
    row = event({"timestamp": timestamp})
    assert row["timestamp"] == micros
    assert (remark in row["remarks"]) if remark else not any(r.startswith("timestamp") for r in row["remarks"])


def test_ids_of_the_envelope_win() -> None:
    """Then the payload's, then the one the client was told."""
    assert event({"event_id": "a" * 32}, headers={"event_id": "b" * 32})["event_id"] == "b" * 32
    assert event({"event_id": "AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa"})["event_id"] == "a" * 32
    told = event({})
    assert (told["event_id"], "event_id:generated" in told["remarks"]) == ("9" * 32, True)


def test_replay_and_profile_ids_are_found() -> None:
    """In contexts, tags, and the trace header."""
    assert event({"contexts": {"replay": {"replay_id": "a" * 32}}})["replay_id"] == "a" * 32
    assert event({"tags": {"replayId": "a" * 32}})["replay_id"] == "a" * 32
    assert event({}, headers={"trace": {"replay_id": "a" * 32}})["replay_id"] == "a" * 32
    assert event({"contexts": {"profile": {"profiler_id": "c" * 32}}})["profile_id"] == "c" * 32


def test_the_payload_is_the_text_as_it_was_sent() -> None:
    """Spacing and number spellings included."""
    text = b'{ "message" : "x", "extra": {"n": 1.50e3} }'
    assert event_row(decode_json(text), arrival())["payload"] == text


def test_the_clients_fingerprint_groups() -> None:
    """Two different errors with one fingerprint are one group; `{{ default }}` keeps them apart."""
    same = [event({"message": m, "fingerprint": ["mine", 1]})["fingerprint"] for m in ("alpha", "beta")]
    apart = [event({"message": m, "fingerprint": ["mine", "{{ default }}"]})["fingerprint"] for m in ("alpha", "beta")]
    assert same[0] == same[1]
    assert apart[0] != apart[1]


def test_line_numbers_do_not_group() -> None:
    """A deploy moves lines."""
    other = boom()
    other["stacktrace"]["frames"][1]["lineno"] = 99
    assert event({"exception": [boom()]})["fingerprint"] == event({"exception": [other]})["fingerprint"]


INNER = st.sampled_from(
    [
        "values",
        "frames",
        "type",
        "value",
        "id",
        "stacktrace",
        "name",
        "x",
        "settings",
        "env",
        "infer_ip",
        "mechanism",
        "handled",
        "headers",
        "version",
        "params",
        "formatted",
        "message",
        "module",
        "abs_path",
        "in_app",
        "lineno",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda t: st.lists(t, max_size=3) | st.dictionaries(INNER, t, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    [
        "exception",
        "threads",
        "stacktrace",
        "message",
        "logentry",
        "tags",
        "contexts",
        "user",
        "request",
        "level",
        "timestamp",
        "event_id",
        "fingerprint",
        "modules",
        "sdk",
        "release",
        "environment",
        "dist",
        "platform",
        "transaction",
        "culprit",
        "logger",
        "server_name",
        "sentry.interfaces.Exception",
    ]
)


@settings(max_examples=300, deadline=None)
@given(data=st.dictionaries(MEMBERS, JSON, max_size=6))
def test_any_shape_of_any_member_becomes_a_storable_row(data: dict[str, Any]) -> None:
    """Nothing an event can hold makes normalisation fail, and the row fits the table."""
    row = event(data)
    assert set(row) == COLUMNS
    assert batch_of("errors", [row]).num_rows == 1
    assert set(row["remarks"]) <= set(REMARKS)
    assert json.loads(row["payload"].replace(b"\\ufffd", b"")) is not None
