"""`patterns` against masking and counting in plain Python; templates of made messages are found again."""

# ruff: noqa: E501 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from ml.templates import find_templates
from queries.errors import QueryError
from queries.masks import mask
from queries.operations.patterns import template_id
from queries.plan import PlanContext
from queries.run import Runner
from server.detectors import DETECTORS
from tests.queries_compile.conftest import NOW, Shop

Row = dict[str, Any]
NAMES = ("ann", "bob", "cem", "dana", "eve", "çağri", "gürol", "hé", "ivo", "jun")
MESSAGES: dict[str, Callable[[random.Random], str]] = {
    "User <*> logged in from <*>": lambda d: (
        f"User {d.choice(NAMES)} logged in from 10.0.{d.randrange(256)}.{d.randrange(256)}"
    ),
    "Payment <*> failed after <*> with code <*>": lambda d: (
        f"Payment {d.getrandbits(128):032x} failed after {d.randrange(900)}ms with code {d.randrange(500)}"
    ),
    "Read <*> of <*> at <*>": lambda d: (
        f"Read {d.randrange(10**9)} bytes of /var/lib/x{d.randrange(9)}/data.bin at 2026-01-{d.randrange(10, 28)}T10:00:00Z"
    ),
    "<*> GET <*> status=<*>": lambda d: (
        f'10.0.0.{d.randrange(9)} "GET /item/{d.randrange(99)} HTTP/1.1" status={d.choice((200, 404))}'
    ),
    "cache {size=<*>, hit=<*>}": lambda d: f"cache {{size={d.randrange(9)}, hit={d.choice(('yes', 'no', 'old'))}}}",
    "link went up": lambda _: "link went up",
    "link went down": lambda _: "link went down",
    "cannot open <*> for <*>": lambda d: (
        f'cannot open "file {d.randrange(99)} of {d.randrange(99)}" for {d.choice(NAMES)}@corp.example'
    ),
}
PIECES = (
    *(
        "a",
        "Ab",
        "x1",
        "12",
        "0x1f",
        "deadbeef",
        "10.0.0.1",
        "2026-01-02",
        "T10:11:12",
        "1.16",
        "KB",
        "ms",
        "Jan",
        "Mon",
    ),
    *(
        ".",
        ":",
        "/",
        "'",
        '"',
        "=",
        " = ",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "<*>",
        "-",
        "+",
        "_",
        "@",
        "%",
        "\\",
    ),
    *(
        " ",
        "  ",
        "\n",
        "\t",
        "\v",
        "\u00a0",
        "é",
        "日",
        "://",
        "GET /",
        "::",
        "fe80:",
        "sha1:",
        "3m",
        "µs",
        ': "PUT /',
        "true",
        "null",
        ",",
        ";",
        "|",
        "&",
    ),
)


@pytest.fixture(scope="module")
def talk(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Shop:
    """Errors with made messages, and some without one."""
    dice = random.Random(8)
    project = new_project_id()
    context = PlanContext(now=NOW, projects={project: "talk"})
    shop = Shop(Runner(event_store, FixedClock(NOW), detectors=DETECTORS), context, {project: "talk"}, 0)
    for number in range(900):
        template = dice.choice([*MESSAGES, ""])
        message = MESSAGES[template](dice) if template else ""
        shop.errors.append(
            {
                "project_id": project,
                "event_id": f"{number:032x}",
                "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 86_000), microseconds=number),
                "fingerprint": 1,
                "type": "error",
                "level": "error",
                "title": template,
                "message": message,
                "payload": "{}",
            }
        )
    event_store.insert_rows("errors", rows_of("errors", shop.errors))
    return shop


def test_templates_are_found_with_exact_counts(talk: Shop) -> None:
    """Counts, shares, first and last seen of every planted template; an example that is one of its messages."""
    planted: dict[str, list[Row]] = defaultdict(list)
    for row in talk.errors:
        if row["message"]:
            planted[row["title"]].append(row)
    found = {row["template"]: row for row in talk.rows("from errors | patterns message")}
    assert set(found) == set(planted)
    for template, rows in planted.items():
        row = found[template]
        assert row["count"] == len(rows)
        assert row["share"] == pytest.approx(len(rows) / sum(map(len, planted.values())))
        assert row["first_seen"] == min(r["timestamp"] for r in rows)
        assert row["last_seen"] == max(r["timestamp"] for r in rows)
        assert row["example"] in {r["message"] for r in rows}
        assert row["id"] == template_id(template)


def test_the_most_frequent_come_first_and_go_on_to_the_next_stage(talk: Shop) -> None:
    """Cut by limit, filtered; the numbers are those of the whole."""
    rows = talk.rows("from errors | patterns message")
    counts = [r["count"] for r in rows]
    assert counts == sorted(counts, reverse=True)
    assert talk.rows("from errors | patterns message limit 2") == rows[:2]
    some = talk.rows('from errors | patterns message | where template contains "link" | project template, count')
    assert {r["template"] for r in some} == {"link went up", "link went down"}


def test_a_sample_stands_for_all_messages(talk: Shop) -> None:
    """Counts follow the weights of its rows."""
    rows = talk.rows("from errors | sample 50% | patterns message")
    said = sum(bool(r["message"]) for r in talk.errors)
    assert sum(r["count"] for r in rows) == pytest.approx(said, rel=0.15)
    assert all(r["count"] % 2 == 0 for r in rows)


def test_rows_without_a_time_have_no_first_and_last(talk: Shop) -> None:
    """Columns of groups have patterns, too; no rows have none."""
    rows = talk.rows("from errors | summarize n=count() by message | patterns message")
    assert {r["first_seen"] for r in rows} == {None}
    assert sum(r["count"] for r in rows) == len({r["message"] for r in talk.errors} - {""})
    assert talk.rows("from errors level:nothing | patterns message") == []


def test_the_engine_masks_as_python_does(
    talk: Shop, event_store: EventStore, rows_of: Callable[..., pa.Table], new_project_id: Callable[[], int]
) -> None:
    """The same steps, read by RE2 and by Python alike, over messages and over texts put together of odd pieces."""
    dice = random.Random(9)
    project = new_project_id()
    odd = sorted({"".join(dice.choices(PIECES, k=dice.randrange(1, 14))).strip() for _ in range(950)} - {""})
    rows = [
        {"project_id": project, "event_id": f"{n:032x}", "timestamp": NOW - dt.timedelta(hours=1), "fingerprint": 1}
        | {"type": "error", "level": "error", "title": "", "message": text, "payload": "{}"}
        for n, text in enumerate(odd)
    ]
    event_store.insert_rows("errors", rows_of("errors", rows))
    identity = {
        "patterns": lambda inputs, _: (
            inputs[0]
            .select(["text", "text", "count", "count", "first_seen", "last_seen", "example"])
            .rename_columns(["id", "template", "count", "share", "first_seen", "last_seen", "example"])
        )
    }
    runner = Runner(talk.runner._store, FixedClock(NOW), detectors=identity)
    for context, texts in (
        (talk.context, [r["message"] for r in talk.errors if r["message"]]),
        (PlanContext(now=NOW, projects={project: "odd"}), odd),
    ):
        table = runner.run("from errors | patterns message limit 10000", context).table
        found = dict(zip(table.column("template").to_pylist(), table.column("count").to_pylist(), strict=True))
        assert found == Counter(map(mask, texts))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("it's Bob's turn", "it's Bob's turn"),
        ("value 'a b' is wrong", "value <*> is wrong"),
        ("GET https://x.example/a?b=1 took 12.5ms", "GET <*> took <*>"),
        ("id 550e8400-e29b-41d4-a716-446655440000 gone", "id <*> gone"),
        ("at 0xDEADBEEF, blk_-1608999687919862906", "at <*>, blk<*>"),
        ("10.0.0.1:8080 and ::1 and fe80:0:0:0:1:2:3:4", "<*> and <*> and <*>"),
        ("/usr/lib/x.so and/or /checkout", "<*> and/or /checkout"),
        ("C:\\temp\\a.txt -5% of 3GB utf8 sha256 node12", "<*> <*> of <*> utf8 sha<*> node<*>"),
        ("2026-01-02 10:11:12,345 start", "<*> start"),
        ("größe 7 für ann@corp.example", "größe <*> für <*>"),
        ("Mon Jul 22 09:27:24 2005 and 22/Jul/2005:10:00:00 +0200", "<*> and <*>"),
        ("free 17.7 GB, 1190 bytes (1.16 KB) in <1 sec", "free <*>, <*> in <*>"),
        (
            "uid=0 name=ann, at=[1, 2] x={a} tag='b c' done= a == b",
            "uid=<*> name=<*>, at=<*> x=<*> tag=<*> done= a == b",
        ),
        ('"POST /a?b=1 HTTP/1.1" 200 "curl/8"', "POST <*> <*> <*>"),
        ("rdd_42_5 of task_201706092018_0024_m_000004", "rdd<*> of task_<*>_<*>_m<*>"),
        ("proxy.example.org:5070 is true, not null or untrue", "<*> is <*>, not <*> or untrue"),
        (
            "from fe80::1:2%eth0 or 2001:db8:a1::f0, not a std::add or Job::7",
            "from <*> or <*>, not a std::add or Job::<*>",
        ),
        ("took 1h2m3.5s, 13m4s or 12 µs; q=2.5 ms, p=2 s (r=3 h)", "took <*>, <*> or <*>; q=<*>, p=<*> (r=<*>)"),
        ("w=3 h=4 of o'neil@corp.example", "w=<*> h=<*> of <*>"),
        ("key SHA256:+ab/cD1x, image sha256:00ff: gone", "key <*>, image <*>: gone"),
        ('id: 7, request: "GET /a HTTP/1.1", host: "b"', "id: <*>, request: <*>, host: <*>"),
        ('access: "GET /a HTTP/1.1" 200', "access: GET <*> <*>"),
        ("", ""),
    ],
)
def test_masks_hide_what_changes(text: str, masked: str) -> None:
    """Numbers, ids, addresses, paths, quotes, times, values; not apostrophes, words with a digit, single path parts."""
    assert mask(text) == masked


def test_templates_do_not_depend_on_the_order_of_the_texts() -> None:
    """Nor does a template merge words that tell messages apart."""
    dice = random.Random(1)
    texts = [f"worker {name} is {state}" for name in NAMES for state in ("idle", "busy")] + [
        "worker pool is full now",
        "",
    ]
    found = dict(zip(texts, find_templates(texts, [1] * len(texts)), strict=True))
    assert set(found.values()) == {"worker <*> is idle", "worker <*> is busy", "worker pool is full now", ""}
    for _ in range(5):
        dice.shuffle(texts)
        assert dict(zip(texts, find_templates(texts, [1] * len(texts)), strict=True)) == found
    assert find_templates([], []) == []


@pytest.mark.parametrize("text", ["from errors | patterns http.status_code", "from errors | patterns issue", "from errors | patterns message limit 0"])  # fmt: skip
def test_what_has_no_patterns_is_said(shop: Shop, text: str) -> None:
    """Numbers, names of issues, no rows."""
    with pytest.raises(QueryError):
        shop.ask(text)


def test_moments_are_as_precise_as_the_rows(
    talk: Shop, event_store: EventStore, rows_of: Callable[..., pa.Table]
) -> None:
    """Lines of logs are told to the nanosecond, and so is when a template was first and last seen."""
    [project] = talk.context.projects
    second = int(NOW.timestamp()) - 60
    lines = [
        {"project_id": project, "id": f"{n:032x}", "timestamp": second * 10**9 + 100 + n, "body": f"took {n} ms"}
        for n in range(3)
    ]
    event_store.insert_rows("logs", rows_of("logs", lines))
    table = talk.runner.run("from logs | patterns", talk.context).table
    assert table.column("template").to_pylist() == ["took <*>"]
    assert table.column("first_seen").cast(pa.int64()).to_pylist() == [second * 10**9 + 100]
    assert table.column("last_seen").cast(pa.int64()).to_pylist() == [second * 10**9 + 102]
    assert talk.rows("from logs | patterns | where first_seen < now() | summarize n=sum(count)") == [{"n": 3}]
