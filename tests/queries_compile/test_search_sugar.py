"""What makes a search short (versions, saved filters, states, pasted URLs) selects what a plain reading does."""

# ruff: noqa: ARG005 - cases read best on one line each
from __future__ import annotations

import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pytest

from engine.clock import FixedClock
from engine.eventstore import EventStore
from engine.ids import default_issue_id
from queries.errors import QueryError
from queries.parser import parse
from queries.plan import PlanContext
from queries.plan.shorthand import expand, saved_names
from queries.printer import print_query, print_search
from queries.releases import FACT_QUERIES, ReleaseSeen, latest_release, needs_releases, release_facts
from queries.run import Runner
from queries.search import parse_search

NOW = dt.datetime(2026, 3, 29, 12, 30, tzinfo=dt.UTC)  # Europe leaves winter time on this day
Row = dict[str, Any]
RELEASES = (
    "shop@1.2.3", "shop@1.2.3-rc.2", "shop@1.2.3-rc.10", "shop@1.10.0+45", "shop@1.9", "cart@2.0.0+120", "2.0.0-alpha",
    "deadbeef", "",
)  # fmt: skip
STATES = ("unresolved", "resolved", "ignored")
SUBSTATES = ("new", "ongoing", "escalating", "regressed", "")
MARK = "\uf00d"


@dataclass
class Data:
    """Errors of two projects and the states of their issues."""

    runner: Runner
    context: PlanContext
    errors: list[Row]
    issues: dict[int, Row] = field(default_factory=dict)

    def ids(self, text: str, **changes: Any) -> list[str]:
        answer = self.runner.run(f"from errors {text} | project id | limit 5000", replace(self.context, **changes))
        return sorted(row["id"] for row in answer.table.to_pylist())

    def rows(self, text: str, **changes: Any) -> list[Row]:
        return self.runner.run(text, replace(self.context, **changes)).table.to_pylist()

    def issue(self, row: Row) -> Row:
        return self.issues[default_issue_id(row["project_id"], row["fingerprint"])]

    def wanted(self, keeps: Callable[[Row], bool]) -> list[str]:
        return sorted(row["event_id"] for row in self.errors if keeps(row))


@pytest.fixture(scope="module")
def data(event_store: EventStore, new_project_id: Callable[[], int], rows_of: Callable[..., pa.Table]) -> Data:
    dice = random.Random(7)
    web, pay = new_project_id(), new_project_id()
    errors = [_error(dice, number, (web, pay)) for number in range(600)]
    pairs = sorted({(row["project_id"], row["fingerprint"]) for row in errors})
    issues = [
        {
            "project_id": project,
            "issue_id": default_issue_id(project, fingerprint),
            "short_id": f"{'WEB' if project == web else 'PAY'}-{fingerprint}",
            "status": STATES[fingerprint % 3],
            "substatus": SUBSTATES[fingerprint % 5] if fingerprint % 3 == 0 else "",
            "assignee": ("user:ann@corp.com", "", "team:web", "")[fingerprint % 4],
            "row_version": 1,
        }
        for project, fingerprint in pairs
        if fingerprint != 11  # the mirror has not heard of this one yet
    ]
    event_store.insert_rows("errors", rows_of("errors", errors))
    event_store.insert_rows("issues", rows_of("issues", issues))
    context = PlanContext(now=NOW, projects={web: "web", pay: "pay"}, me="user:ann@corp.com", my_teams=("team:web",))
    known = {issue["issue_id"]: issue for issue in issues}
    for project, fingerprint in pairs:
        bare = {"status": "unresolved", "substatus": "", "assignee": ""}
        known.setdefault(default_issue_id(project, fingerprint), bare)
    return Data(Runner(event_store, FixedClock(NOW)), context, errors, known)


def _error(dice: random.Random, number: int, projects: tuple[int, int]) -> Row:
    tags = [("plan", dice.choice(["free", "pro", "Pro*", "10", "9.5", "true", ""]))] if dice.random() < 0.7 else []
    tags += [("key with space", dice.choice(["a", "b c"]))] if dice.random() < 0.4 else []
    tags += [("saved", "tagged")] if dice.random() < 0.2 else []
    return {
        "project_id": projects[dice.random() < 0.4],
        "retention_days": 60_000,
        "event_id": f"{number:032x}",
        "timestamp": NOW - dt.timedelta(seconds=dice.randrange(1, 24 * 3600)),
        "fingerprint": dice.randrange(1, 31),
        "type": "error",
        "level": dice.choice(["error", "fatal", "warning"]),
        "title": dice.choice(["Timeout (read)", "KeyError: größe", "plain"]),
        "message": dice.choice(["Call foo(bar) failed", "GRÖSSE missing", "100% a_b", r"C:\temp", "quick brown fox"]),
        "release": dice.choice(RELEASES),
        "user": f"id:{dice.randrange(20)}" if dice.random() < 0.7 else "",
        "user_email": dice.choice(["ann@corp.com", "Bob@corp.com.org", ""]),
        "error_handled": dice.choice([True, False, None]),
        "stack_functions": dice.sample(["main", "charge", "ship*"], dice.randrange(4)),
        "stack_linenos": [dice.randrange(60) for _ in range(dice.randrange(3))],
        "http_status_code": dice.choice([0, 200, 404, 503]),
        "tags": tags,
        "payload": "{}",
    }


def tag(row: Row, key: str) -> str:
    return dict(row["tags"]).get(key, "")


def version(row: Row) -> tuple[tuple[int, ...], str] | None:
    """Return the numbers and the pre-release of a row's release; only `rc.N` and `alpha` occur here."""
    found = re.fullmatch(r"(?:.*@)?([\d.]+)(?:-([\w.]+))?(?:\+\d+)?", row["release"])
    if found is None:
        return None
    numbers = [int(n) for n in found[1].split(".")]
    return (*numbers, *[0] * (3 - len(numbers))), found[2] or ""


def ranked(row: Row) -> tuple[Any, ...]:
    numbers, before = version(row) or ((), "")
    number = int(before[3:]) if before.startswith("rc.") else -1
    return (*numbers, not before, number)


CASES: list[tuple[str, Callable[[Row], bool]]] = [
    ("release.version:>=1.2.3", lambda r: bool(version(r)) and ranked(r) >= (1, 2, 3, True, -1)),
    ("release.version:>1.2.3-rc.2", lambda r: bool(version(r)) and ranked(r) > (1, 2, 3, False, 2)),
    ("release.version:<1.2.3-rc.10", lambda r: bool(version(r)) and ranked(r) < (1, 2, 3, False, 10)),
    ("release.version:<=1.9.0", lambda r: bool(version(r)) and ranked(r) <= (1, 9, 0, True, -1)),
    ("!release.version:>=1.2.3", lambda r: not (version(r) and ranked(r) >= (1, 2, 3, True, -1))),
    ("release:>=shop@1.9", lambda r: r["release"] in {"shop@1.10.0+45", "shop@1.9"}),
    ("release:<2", lambda r: bool(version(r)) and r["release"] != "cart@2.0.0+120"),
    ("release.version:1.9.0", lambda r: r["release"] == "shop@1.9"),
    ("!release.version:1.9.0", lambda r: r["release"] != "shop@1.9"),
    ("release.version:!=1.9.0", lambda r: r["release"] != "shop@1.9"),
    ("release.version:[1.9.0, 1.2.*]", lambda r: bool(re.match(r"shop@1\.(9|2)", r["release"]))),
    ("release.version:1.2.*", lambda r: r["release"].startswith("shop@1.2.")),
    ("release.version://rc// OR release.version:2.0.0", lambda r: "rc" in r["release"] or "2.0.0+" in r["release"]),
    ("has:release.version", lambda r: version(r) is not None),
    ("!has:release.version", lambda r: version(r) is None),
    ("release.package:shop", lambda r: r["release"].startswith("shop@")),
    ("!release.package:[shop, cart]", lambda r: "@" not in r["release"]),
    ('release.package:""', lambda r: "@" not in r["release"]),
    ("release.build:120", lambda r: r["release"].endswith("+120")),
    ("release.build:>=46", lambda r: r["release"].endswith("+120")),
    ("release.build:<120", lambda r: r["release"].endswith("+45")),
    ("release:shop@1.2.*", lambda r: r["release"].startswith("shop@1.2.")),
    ("release:deadbeef", lambda r: r["release"] == "deadbeef"),
    # words
    ("foo(bar)", lambda r: "foo(bar)" in r["message"]),
    ("call foo(bar) failed", lambda r: "foo(bar)" in r["message"]),
    ('"quick brown"', lambda r: "quick brown" in r["message"]),
    ("grösse OR GRÖßE", lambda r: "GRÖSSE" in r["message"] or "größe" in r["title"]),
    ("100% a_b", lambda r: "100%" in r["message"]),
    ("100_ a", lambda r: False),
    (r'"c:\temp"', lambda r: "temp" in r["message"]),
    ("qu*fox", lambda r: "fox" in r["message"]),
    ("level:fatal quick brown", lambda r: r["level"] == "fatal" and "quick" in r["message"]),
    ("(100% OR fox) level:error", lambda r: r["level"] == "error" and bool(re.search("100%|fox", r["message"]))),
    # patterns
    ("plan://^p(ro)?$//", lambda r: tag(r, "plan") == "pro"),
    ("plan://(?i)^PRO//", lambda r: tag(r, "plan") in {"pro", "Pro*"}),
    ("!plan://^p//", lambda r: not tag(r, "plan").startswith("p")),
    ("plan://.*//", lambda r: tag(r, "plan") != ""),
    ("message://foo\\(bar\\) failed//", lambda r: "foo(bar)" in r["message"]),
    ('plan:"//^p//"', lambda r: False),
    ("http.status_code://^5//", lambda r: r["http_status_code"] == 503),
    ("stack.function://^ch//", lambda r: "charge" in r["stack_functions"]),
    ("plan:[fr*, 10]", lambda r: tag(r, "plan") in {"free", "10"}),
    (r"plan:Pro\*", lambda r: tag(r, "plan") == "Pro*"),
    (r"plan:[Pro\*, free]", lambda r: tag(r, "plan") in {"Pro*", "free"}),
    (f"plan:{MARK}Contains{MARK}ro", lambda r: "ro" in tag(r, "plan").lower()),
    (f"plan:{MARK}DoesNotContain{MARK}ro", lambda r: "ro" not in tag(r, "plan").lower()),
    (f"!plan:{MARK}Contains{MARK}ro", lambda r: "ro" not in tag(r, "plan").lower()),
    (f"plan:{MARK}StartsWith{MARK}[fr, 1]", lambda r: tag(r, "plan").startswith(("fr", "1"))),
    (f"plan:{MARK}DoesNotStartWith{MARK}p", lambda r: not tag(r, "plan").lower().startswith("p")),
    (f"plan:{MARK}EndsWith{MARK}*", lambda r: tag(r, "plan").endswith("*")),
    (f"user.email:{MARK}DoesNotEndWith{MARK}.com", lambda r: not r["user_email"].endswith(".com")),
    ('plan:Contains"ro"', lambda r: "ro" in tag(r, "plan").lower()),
    (f"!stack.function:{MARK}StartsWith{MARK}ch", lambda r: "charge" not in r["stack_functions"]),
    # keys
    ('tags["key with space"]:"b c"', lambda r: tag(r, "key with space") == "b c"),
    ('!tags["key with space"]:a', lambda r: tag(r, "key with space") != "a"),
    ('has:tags["key with space"]', lambda r: bool(tag(r, "key with space"))),
    ("tags[plan,number]:>9.5", lambda r: tag(r, "plan") == "10"),
    ("tags[plan,number]:[9.5, 10]", lambda r: tag(r, "plan") in {"9.5", "10"}),
    ("!tags[plan,number]:10", lambda r: tag(r, "plan") != "10"),
    ("tags[plan,string]:10", lambda r: tag(r, "plan") == "10"),
    ("tags[plan,boolean]:true", lambda r: tag(r, "plan") == "true"),
    ("has:plan", lambda r: tag(r, "plan") != ""),
    ("!has:tags[plan]", lambda r: tag(r, "plan") == ""),
    ('has:"plan"', lambda r: tag(r, "plan") != ""),
    ("stack.function[*]:charge", lambda r: "charge" in r["stack_functions"]),
    ("!stack.function[*]:charge", lambda r: "charge" not in r["stack_functions"]),
    ("stack.lineno[*]:>50", lambda r: any(n > 50 for n in r["stack_linenos"])),
    ("has:stack.function", lambda r: bool(r["stack_functions"])),
    ("has:error.handled", lambda r: r["error_handled"] is not None),
    ("has:error.unhandled", lambda r: r["error_handled"] is not None),
    ("error.unhandled:true", lambda r: r["error_handled"] is False),
    ("!error.unhandled:true", lambda r: r["error_handled"] is not False),
    ("error.unhandled:0", lambda r: r["error_handled"] is True),
    # times
    ("timestamp.to_hour:2026-03-29T01:00:00", lambda r: hour(r) == dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)),
    ("timestamp.to_hour:>=2026-03-29T01:00:00", lambda r: hour(r) >= dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)),
    ("timestamp.to_day:2026-03-28", lambda r: r["timestamp"].day == 28),
    ("timestamp.to_hour:-3h", lambda r: hour(r) >= NOW - dt.timedelta(hours=3)),
    ("!timestamp.to_day:2026-03-28", lambda r: r["timestamp"].day != 28),
]  # fmt: skip


def hour(row: Row) -> dt.datetime:
    return row["timestamp"].replace(minute=0, second=0, microsecond=0)


@pytest.mark.parametrize(("text", "keeps"), CASES, ids=[text for text, _ in CASES])
def test_a_search_selects_what_it_says(data: Data, text: str, keeps: Callable[[Row], bool]) -> None:
    """Over generated rows with missing, empty and odd values, against a plain reading in Python."""
    assert data.ids(text) == data.wanted(keeps)


ISSUE_CASES: list[tuple[str, Callable[[Row], bool]]] = [
    ("is:unresolved", lambda i: i["status"] == "unresolved"),
    ("is:resolved", lambda i: i["status"] == "resolved"),
    ("is:ignored", lambda i: i["status"] == "ignored"),
    ("is:archived", lambda i: i["status"] == "ignored"),
    ("is:assigned", lambda i: i["assignee"] != ""),
    ("is:unassigned", lambda i: i["assignee"] == ""),
    ("is:new", lambda i: i["substatus"] == "new"),
    ("is:escalating", lambda i: i["substatus"] == "escalating"),
    ("is:regressed", lambda i: i["substatus"] == "regressed"),
    ("is:for_review", lambda i: i["status"] == "unresolved" and i["substatus"] in {"new", "regressed", "escalating"}),
    ("issue.status:[resolved, ignored]", lambda i: i["status"] in {"resolved", "ignored"}),
    ("issue.substatus:ongoing", lambda i: i["substatus"] == "ongoing"),
    ("issue:[web-3, PAY-4]", lambda i: i.get("short_id") in {"WEB-3", "PAY-4"}),
    ("assigned:user:ann@corp.com", lambda i: i["assignee"] == "user:ann@corp.com"),
    ("has:assigned", lambda i: i["assignee"] != ""),
    ("assigned:me", lambda i: i["assignee"] == "user:ann@corp.com"),
    ("assigned:none", lambda i: i["assignee"] == ""),
    ("issue.assignee:[me, none]", lambda i: i["assignee"] in {"user:ann@corp.com", ""}),
    ("assigned:[my_teams, none]", lambda i: i["assignee"] in {"team:web", ""}),
    ('assigned:"me"', lambda i: False),
]


@pytest.mark.parametrize(("text", "keeps"), ISSUE_CASES, ids=[text for text, _ in ISSUE_CASES])
@pytest.mark.parametrize("sign", ["", "!"])
def test_what_is_known_of_the_issue_selects_its_events(
    data: Data, sign: str, text: str, keeps: Callable[[Row], bool]
) -> None:
    """Issues the mirror has not heard of are unresolved and unassigned; a negation keeps exactly the others."""
    assert data.ids(sign + text) == data.wanted(lambda row: keeps(data.issue(row)) != bool(sign))


def test_saved_filters_stand_for_their_search(data: Data) -> None:
    """Alone, negated, in a list, in a backticked search, and a tag of that name stays reachable."""
    saved = {"bad": "level:fatal OR plan:pro", "two words": "has:user", "hot": "count():>20 level:error"}
    bad = [r for r in data.errors if r["level"] == "fatal" or tag(r, "plan") == "pro"]
    ids = sorted(r["event_id"] for r in bad)
    assert data.ids("saved:bad", saved_filters=saved) == ids
    assert data.ids("!saved:bad", saved_filters=saved) == sorted({r["event_id"] for r in data.errors} - set(ids))
    both = data.ids('saved:[BAD, "two words"]', saved_filters=saved)
    assert both == data.wanted(lambda r: r in bad or bool(r["user"]))
    assert data.ids('saved:bad saved:"two words"', saved_filters=saved) == sorted(
        r["event_id"] for r in bad if r["user"]
    )
    counted = data.rows("from errors | summarize n=count_if(`saved:bad`)", saved_filters=saved)
    assert counted == [{"n": len(bad)}]
    grouped = data.rows("from errors saved:hot | summarize n=count() by release | sort release", saved_filters=saved)
    by_release = Counter(r["release"] for r in data.errors if r["level"] == "error")
    assert {r["release"] or "": r["n"] for r in grouped} == {name: n for name, n in by_release.items() if n > 20}
    assert data.ids("tags[saved]:tagged", saved_filters=saved) == data.wanted(lambda r: tag(r, "saved") == "tagged")


def test_a_saved_filter_is_found_wherever_a_search_may_stand() -> None:
    """In `let`, in pipelines in parentheses, in every stage that holds searches, inside arguments of aggregates."""
    query = parse(
        "let s = from errors saved:x; from s !saved:[x] count_if(`saved:x`):>1 | join (from spans saved:x) on trace"
        " | union (from errors | where `saved:x`) | extend a = `saved:x` ? 1 : 2 | summarize n=count_if(`saved:x`)"
        " | diff `saved:x` vs `saved:x` | compare to `saved:x` | funnel `saved:x` -> `saved:x` by user"
        " | trace `saved:x` => `saved:x`"
    )
    context = PlanContext(now=NOW, projects={}, saved_filters={"X": "level:info"})
    text = print_query(expand(query, context))
    assert "saved" not in text
    assert text.count("level:info") == print_query(query).count("saved:") == 14
    assert saved_names(query) == ("x",)


def test_who_is_meant_depends_on_who_asks(data: Data) -> None:
    """Also inside a saved filter and in the data set of issues; without teams nothing is assigned to them."""
    mine = data.wanted(lambda row: data.issue(row)["assignee"] == "user:ann@corp.com")
    assert data.ids("saved:mine", saved_filters={"mine": "assigned:me"}) == mine
    assert data.ids("assigned:me", me="user:bob@corp.com") == []
    assert data.ids("assigned:my_teams", my_teams=()) == []
    rows = data.rows("from issues assigned:[me, my_teams] | summarize n=count()")
    assert rows == [{"n": sum(bool(issue["assignee"]) for issue in data.issues.values())}]
    plan = data.runner.plan("assigned:me", data.context)
    assert plan.canonical == 'assigned:"user:ann@corp.com"'
    with pytest.raises(QueryError, match="Nobody in particular"):
        data.ids("assigned:me", me="")


def test_the_canonical_text_has_what_a_saved_filter_said(data: Data) -> None:
    """Otherwise a cache would go on answering with the filter as it was."""
    plan = data.runner.plan("saved:bad level:error", replace(data.context, saved_filters={"bad": "a:1 OR b:2"}))
    assert plan.canonical == "(a:1 OR b:2) level:error"


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("saved:nois", "no saved filter called 'nois'", "noise"),
        ("saved:zzz", "no saved filter", "list"),
        ("saved:outer", "uses another one", "other one says"),
        ("saved:inner", "uses another one", "other one says"),
        ("saved:broken", "cannot be read", "Save it anew"),
        ("saved:empty", "is empty", ""),
        ("!saved:words", "cannot be negated", "message:"),
        ("saved:no*", "named in full", "tags[saved]"),
        ("release.version:>=banana", "no version", ">=1.2.3"),
        ("release.build:>=x", "ordered by number", ""),
        ("release.package:>=shop", "has no order", "release.version"),
        ("release:latest", "not known here", ""),
        ("release.stage:adoptd", "no release stage", "adopted"),
        ("plan://(//", "pattern is not valid", "RE2"),
        (f"plan://{'x' * 257}//", "at most 256", ""),
        ("plan:////", "must not be empty", ""),
        ("is:unresolvd", "no issue state", "unresolved"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_out(data: Data, text: str, part: str, hint: str) -> None:
    """Each refusal says what to write instead, with its place."""
    saved = {
        "noise": "level:info",
        "outer": "saved:noise",
        "inner": "count_if(`saved:noise`):>1",
        "broken": "(a",
        "empty": " ",
        "words": "timeout",
    }
    with pytest.raises(QueryError) as caught:
        data.ids(text, saved_filters=saved)
    assert part in caught.value.message
    assert hint in caught.value.suggestion
    assert caught.value.span is not None


@pytest.mark.parametrize("text", ["is:linked", "!is:unlinked", "level:error OR is:linked"])
def test_what_no_issue_can_be_is_refused_rather_than_answered_with_nothing(data: Data, text: str) -> None:
    """An empty answer to a filter that keeps nothing would be read as news."""
    with pytest.raises(QueryError, match="cannot be linked") as caught:
        data.ids(text)
    assert caught.value.span is not None


@pytest.mark.parametrize("text", ["is:unlinked", "!is:linked"])
def test_what_every_issue_is_keeps_all_and_says_so(data: Data, text: str) -> None:
    """A search pasted from elsewhere goes on to work."""
    found = data.runner.run(f"{text} | summarize n=count()", data.context)
    assert found.table.to_pylist() == data.runner.run("| summarize n=count()", data.context).table.to_pylist()
    assert any("linked" in warning for warning in found.warnings)


def test_a_search_with_marks_is_printed_without_them() -> None:
    """And reads the same again."""
    marked = parse_search(f"a:{MARK}Contains{MARK}x !b:{MARK}DoesNotStartWith{MARK}[y, z]")
    assert MARK not in print_search(marked)
    assert parse_search(print_search(marked)) == marked


def test_rows_and_groups_mix_in_one_or(data: Data) -> None:
    """The row side holds for a group when some row fulfils it; the groups are those of the `by`."""
    text = "from errors count():>70 OR (level:fatal plan:pro) | summarize n=count() by release"
    wanted = {}
    for name in RELEASES:
        rows = [r for r in data.errors if r["release"] == name]
        if len(rows) > 70 or any(r["level"] == "fatal" and tag(r, "plan") == "pro" for r in rows):
            wanted[name] = len(rows)
    assert {r["release"] or "": r["n"] for r in data.rows(text)} == wanted
    with pytest.raises(QueryError, match="group"):
        data.ids("count():>70 OR level:fatal")


def test_aggregates_over_a_search_filter_groups(data: Data) -> None:
    """A backticked search inside a filter's key is the condition of the aggregate, at any depth of quoting."""
    text = "from errors count_if(`level:fatal !has:user`):>=5 | summarize n=count() by release"
    fatal = Counter(r["release"] for r in data.errors if r["level"] == "fatal" and not r["user"])
    rows = Counter(r["release"] for r in data.errors)
    found = {r["release"] or "": r["n"] for r in data.rows(text)}
    assert found == {name: rows[name] for name, n in fatal.items() if n >= 5}
    text = 'from errors count_unique_if(`plan:"pro" OR stack.function:charge`, user):>8'
    text += " | summarize n=count() by release"
    users: dict[str, set[str]] = {}
    for r in data.errors:
        if r["user"] and (tag(r, "plan") == "pro" or "charge" in r["stack_functions"]):
            users.setdefault(r["release"], set()).add(r["user"])
    found = {r["release"] or "": r["n"] for r in data.rows(text)}
    assert found == {name: rows[name] for name, known in users.items() if len(known) > 8}


def test_parts_of_releases_are_group_keys(data: Data) -> None:
    """Missing parts are null."""
    found = data.rows("from errors | summarize n=count() by release.package")
    packages = Counter(r["release"].partition("@")[0] if "@" in r["release"] else None for r in data.errors)
    assert {r["release.package"]: r["n"] for r in found} == dict(packages)


def test_latest_and_stages_are_each_projects_own(data: Data) -> None:
    """Two projects share releases; each one's latest is among its own, and unseen projects do not count."""
    web, pay = sorted(data.context.projects)
    day = dt.timedelta(days=1)
    facts = {
        web: (
            ReleaseSeen("shop@1.9", NOW - day, NOW, "adopted"),
            ReleaseSeen("shop@1.10.0+45", NOW - 2 * day, NOW, "replaced"),
        ),
        pay: (ReleaseSeen("deadbeef", NOW - day, NOW, "adopted"), ReleaseSeen("shop@1.9", NOW - 2 * day, NOW)),
        0: (ReleaseSeen("cart@2.0.0+120", NOW, NOW, "adopted"),),
    }
    latest = {(web, "shop@1.10.0+45"), (pay, "deadbeef")}
    assert data.ids("release:latest", releases=facts) == data.wanted(
        lambda r: (r["project_id"], r["release"]) in latest
    )
    assert data.ids("!release:latest", releases=facts) == data.wanted(
        lambda r: (r["project_id"], r["release"]) not in latest
    )
    assert data.ids("release:[latest, cart*]", releases=facts) == data.wanted(
        lambda r: (r["project_id"], r["release"]) in latest or r["release"].startswith("cart")
    )
    adopted = {(web, "shop@1.9"), (pay, "deadbeef")}
    assert data.ids("release.stage:adopted", releases=facts) == data.wanted(
        lambda r: (r["project_id"], r["release"]) in adopted
    )
    assert data.ids("release.stage:[replaced, low]", releases=facts) == data.wanted(
        lambda r: (r["project_id"], r["release"]) in {(web, "shop@1.10.0+45"), (pay, "shop@1.9")}
    )
    assert data.ids("release:latest", releases={}) == []
    assert data.ids('release:"latest"', releases={}) == []


def test_facts_about_releases_come_from_the_rows(data: Data) -> None:
    """First and last seen and the stage of each, counted again in Python from the same rows."""
    answers = [data.rows(text, limit=50_000) for text in FACT_QUERIES]
    facts = release_facts(answers)
    for project in data.context.projects:
        rows = [r for r in data.errors if r["project_id"] == project and r["release"]]
        counts = Counter(r["release"] for r in rows)
        assert {seen.name for seen in facts[project]} == set(counts)
        for seen in facts[project]:
            times = [r["timestamp"] for r in rows if r["release"] == seen.name]
            assert (seen.first_seen, seen.last_seen) == (min(times), max(times))
            assert (seen.stage == "adopted") == (counts[seen.name] >= 0.1 * len(rows))


def test_a_release_that_lost_its_share_is_replaced() -> None:
    """Adopted now, adopted on a day before, or never."""

    def row(release: str, day: int, events: int, recent: int = 0) -> Row:
        at = NOW - dt.timedelta(days=day)
        return {
            "project": 1,
            "release": release,
            "day": day,
            "events": events,
            "recent": recent,
            "first": at,
            "last": at,
        }

    rows = [row("old", 5, 100), row("new", 5, 3), row("new", 0, 95, 95), row("old", 0, 5, 5), row("rare", 0, 2, 2)]
    stages = {seen.name: seen.stage for seen in release_facts([[], rows])[1]}
    assert stages == {"old": "replaced", "new": "adopted", "rare": "low_adoption"}


def test_the_latest_release_is_the_highest_version_where_versions_are_used() -> None:
    """Else the one seen first most recently."""

    def seen(*names: str) -> list[ReleaseSeen]:
        return [ReleaseSeen(name, NOW - dt.timedelta(hours=age), NOW) for age, name in enumerate(names)]

    def latest(*newest_first: str) -> str:
        found = latest_release(seen(*newest_first))
        assert found is not None
        return found.name

    assert latest("shop@1.2.4", "shop@1.10.0", "shop@1.9.0", "abc") == "shop@1.10.0"
    assert latest("shop@2.0.0-rc.1", "shop@1.10.0") == "shop@2.0.0-rc.1"
    assert latest("shop@2.0.0-rc.1", "shop@2.0.0") == "shop@2.0.0"
    assert latest("abcdef", "shop@1.0.0") == "abcdef"
    assert latest("abc", "def", "x", "shop@1.0.0") == "abc"
    assert latest("abc", *["shop@1.0.0", "d", "e", "f", "g", "h", "i", "j", "k"]) == "abc"
    assert latest_release([]) is None


def test_only_texts_that_ask_for_them_need_the_facts() -> None:
    """A query about whole releases costs no second one."""
    assert needs_releases(["release:latest"])
    assert needs_releases(["a", "from errors !release:[1.0, latest]"])
    assert needs_releases(["release.stage:adopted"])
    assert not needs_releases(["release:1.0 message:latest", "release.version:>1", "latest"])
