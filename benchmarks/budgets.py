"""The budgets of the design, and how each is judged by what was measured.

Every budget is listed, measured or not; one without a number says why. What a rival did is quoted from an earlier
comparison and marked so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import stats

QUERY_RATIO_BUDGET = 1.10
Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen for one budget: the number in words, whether it holds, and what to know about it.

    Attributes:
        met: None when it was not measured.
    """

    seen: str
    met: bool | None
    note: str = ""

    @property
    def word(self) -> str:
        """`met`, `missed` or `not measured`."""
        return "not measured" if self.met is None else "met" if self.met else "missed"


@dataclass(frozen=True, slots=True)
class Budget:
    """One line of the table.

    Attributes:
        key: what `--only` calls it.
        section: the part of the results it is judged by, empty for none.
        what: the quantity.
        base: the rival, or what it is compared with.
        target: the budget in words.
        judge: reads the section; None for what cannot be measured yet.
        why: why there is no number when there is none.
    """

    key: str
    section: str
    what: str
    base: str
    target: str
    judge: Callable[[Results], Verdict] | None = None
    why: str = ""


def _worst_query(section: Results) -> Verdict:
    found = section["comparisons"]
    unequal = [f"{c['case']} ({c['scope']})" for c in found if not c["equal"]]
    worst = max(found, key=lambda c: c["cpu"]["value"])
    over = sum(c["cpu"]["value"] > QUERY_RATIO_BUDGET for c in found)
    late = sum(c["ratio"]["value"] > QUERY_RATIO_BUDGET for c in found)
    ratio = worst["cpu"]
    within = f"{len(found) - over} of {len(found)} within"
    seen = f"worst {ratio['value']:.2f}x ({worst['case']}, {worst['scope']}); {within}"
    note = (
        f"by CPU; interval of the worst {ratio['low']:.2f}-{ratio['high']:.2f}; {len(found) - late} within by the clock"
    )
    if unequal:
        note += "; different rows: " + ", ".join(unequal)
    return Verdict(seen, met=not over and not unequal, note=note)


def _planning(section: Results) -> Verdict:
    all_ms, guard_ms = section["all_ms"], section["guard_ms"]
    seen = f"{all_ms['median']:.1f} ms median, {all_ms['p95']:.1f} ms P95"
    met = all_ms["median"] <= 5 and all_ms["p95"] <= 15
    return Verdict(seen, met=met, note=f"the guard takes another {guard_ms['median']:.1f} ms median")


def _questions(section: Results) -> Verdict:
    found = section["answers"]
    over = [f"{a['what']} ({a['scope']}): {a['ms']['p95']:.0f} ms" for a in found if not a["met"]]
    seen = f"{len(found) - len(over)} of {len(found)} within"
    return Verdict(seen, met=not over, note="; ".join(over))


def _rca(section: Results) -> Verdict:
    notes = [f"{one['what']}: {one['seconds']['p95']:.1f} s" for one in section["answers"] if not one["met"]]
    return Verdict(f"P95 {section['p95_s']:.1f} s", met=section["p95_s"] < section["budget_s"], note="; ".join(notes))


def _pages(section: Results) -> Verdict:
    spreads = [(timing, stats.spread(timing["ms"])) for timing in section["timings"]]
    over = [
        f"{timing['interaction']} ({timing['scope']}): {found.p95:.0f} ms"
        for timing, found in spreads
        if found.p95 > timing["budget_ms"]
    ]
    note = "; ".join([*over, *section["problems"]])
    return Verdict(f"{len(spreads) - len(over)} of {len(spreads)} within", met=not over, note=note)


def _ui(section: Results) -> Verdict:
    cases = section["cases"]
    over = [f"{case['what']}: {case['seen']:,.4g} {case['unit']}" for case in cases if not case["met"]]
    seen = f"{len(cases) - len(over)} of {len(cases)} within"
    return Verdict(seen, met=not over, note="; ".join([*over, *section["problems"]]))


def _of_runs(section: Results, name: str) -> float:
    return stats.median([float(run[name]) for run in section["runs"]])


def _range_of_runs(section: Results, name: str, digits: int = 0) -> str:
    values = [float(run[name]) for run in section["runs"]]
    return f"{len(values)} runs, {min(values):.{digits}f}-{max(values):.{digits}f}"


def _request(section: Results) -> Verdict:
    p95 = _of_runs(section, "request_p95_ms")
    seen = f"P95 {p95:.0f} ms at {_of_runs(section, 'accepted_per_s'):.0f} requests/s"
    return Verdict(seen, met=p95 < 50, note=_range_of_runs(section, "request_p95_ms"))


def _stored(section: Results) -> Verdict:
    rate, lag = _of_runs(section, "stored_per_s"), _of_runs(section, "lag_s")
    note = f"{_range_of_runs(section, 'stored_per_s')}; the last event was visible {lag:.1f} s after the last answer"
    return Verdict(f"{rate:.0f}/s", met=rate >= 1000, note=note)


def _cpu(section: Results) -> Verdict:
    cpu_s = _of_runs(section, "cpu_s_per_10k")
    roles = section["runs"][-1]["cpu_by_role"]
    by_role = ", ".join(f"{role} {spent:.1f}" for role, spent in roles.items() if spent >= 0.05)
    note = f"{_range_of_runs(section, 'cpu_s_per_10k', 1)}; {by_role}"
    return Verdict(f"{cpu_s:.1f} s", met=cpu_s <= 18, note=note)


def _attachment(section: Results) -> Verdict:
    found = section["attachment"]
    note = f"{found['before_mib']:.0f} MiB before; one attachment of {found['size_mib']} MiB"
    return Verdict(f"{found['peak_mib']:.0f} MiB", met=found["peak_mib"] < 400, note=note)


def _per_event(size: Results) -> float:
    return float((size["merged"] + size["beside"]) / max(size["events"], 1))


def _disk(section: Results) -> Verdict:
    size = section["disk"]
    per_event = _per_event(size)
    as_left = (size["as_left"] + size["beside"]) / max(size["events"], 1)
    note = (
        f"{section['entropy_bytes']:.0f} random bytes in each event; {as_left:.0f} B before the last merges;"
        f" indexes {size['indexes'] / max(size['events'], 1):.0f} B of it"
    )
    return Verdict(f"{per_event:.0f} B", met=per_event <= 6540 / 5, note=note)


def _disk_same_values(section: Results) -> Verdict:
    per_event = _per_event(section["disk_same_values"])
    return Verdict(f"{per_event:.0f} B", met=per_event <= 6540 / 10, note="bodies differ in ids and times only")


def _idle(section: Results) -> Verdict:
    seen = stats.spread(section["idle"]["visible_ms"])
    return Verdict(f"P50 {seen.median:.0f} ms, P95 {seen.p95:.0f} ms", met=seen.p95 < 1000, note=f"{seen.count} events")


def _half(section: Results) -> Verdict:
    seen = stats.spread(section["loaded"]["visible_ms"])
    note = f"{seen.count} events while {section['half_rate']:.0f}/s were sent"
    return Verdict(f"P50 {seen.median:.0f} ms, P95 {seen.p95:.0f} ms", met=seen.p95 < 2000, note=note)


def _start(section: Results) -> Verdict:
    values = section["serve_s"]
    return Verdict(
        f"{stats.median(values):.1f} s", met=max(values) < 5, note=f"{len(values)} starts, slowest {max(values):.1f} s"
    )


def _import(section: Results) -> Verdict:
    values = section["import_ms"]
    return Verdict(f"{stats.median(values):.0f} ms", met=stats.median(values) < 300, note=f"{len(values)} processes")


def _kills(section: Results) -> Verdict:
    lost, twice = len(section["lost"]), len(section["duplicated"])
    kills = sum(section["kills"].values())
    note = f"{kills} kills under load, {section['acknowledged']:,} acknowledged; roll-ups, issues and traces agree"
    if not section["good"]:
        note = "see the report: something differs"
    return Verdict(f"{lost} lost, {twice} twice", met=bool(section["good"]), note=note)


def _rivals(section: Results) -> Verdict:
    if "missing" in section:
        return Verdict("-", None, section["missing"])
    ours, theirs = (_of_runs({"runs": section["runs"][name]}, "stored_per_s") for name in ("Amber", "Bugsink"))
    note = f"Amber {ours:.0f}/s, Bugsink {section['bugsink']} {theirs:.0f}/s; requests, CPU, memory and disk below"
    return Verdict(f"{ours / theirs:.1f}x", met=ours > theirs, note=note)


def ml_met(case: Results) -> bool:
    """Whether a case of the learning parts is within its budget."""
    return bool(case["value"] >= case["bound"] if case["at_least"] else case["value"] <= case["bound"])


def ml_seen(case: Results) -> str:
    """Return the number of such a case in words."""
    return f"{case['value']:,.0f}" if case["value"] >= 100 else f"{case['value']:.3g}"


def _ml(section: Results) -> Verdict:
    cases = section["cases"]
    seen = "; ".join(f"{case['what']} {ml_seen(case)} {case['unit']}" for case in cases)
    met = sum(map(ml_met, cases))
    return Verdict(f"{met} of {len(cases)} within", met=met == len(cases), note=seen)


BUDGETS = (
    Budget(
        "query",
        "query",
        "engine time of compiled SQL, warm",
        "hand-written ClickHouse SQL",
        "<= 1.10x, every query",
        _worst_query,
    ),
    Budget("plan", "plan", "parse + check + plan", "-", "<= 5 ms median, <= 15 ms P95", _planning),
    Budget(
        "questions",
        "questions",
        "questions of the pages, text to answer",
        "-",
        "P95 of the interaction less 85 ms for the browser",
        _questions,
    ),
    Budget("requests", "ingest", "one request, 32 connections", "Bugsink P95 198 ms", "P95 < 50 ms", _request),
    Budget("ingest", "ingest", "events per second, accepted to queryable", "GlitchTip 96", ">= 1 000", _stored),
    Budget("ingest", "ingest", "CPU per 10 000 events, all processes", "GlitchTip 183 s", "<= 18 s", _cpu),
    Budget("disk", "ingest", "disk per event, event and indexes", "GlitchTip 6 540 B", "<= 1 308 B (1/5)", _disk),
    Budget("disk", "ingest", "the same, repeated bodies", "GlitchTip 6 540 B", "<= 654 B (1/10)", _disk_same_values),
    Budget("visible", "ingest", "accept to visible, idle server", "Bugsink P50 40 ms", "P95 < 1 s", _idle),
    Budget("visible", "ingest", "accept to visible, half the capacity", "-", "P95 < 2 s", _half),
    Budget("memory", "ingest", "memory of ingest with 200 MB in flight", "-", "< 400 MB", _attachment),
    Budget("rivals", "rivals", "events stored per second, beside Bugsink in the same run", "Bugsink", "more", _rivals),
    Budget("start", "start", "`amber serve` on an existing store to the first answer", "-", "< 5 s", _start),
    Budget("start", "import", "`import amber`", "-", "< 300 ms", _import),
    Budget(
        "kills",
        "kills",
        "`kill -9` anywhere: acknowledged events lost, or counted twice",
        "-",
        "0 and 0",
        _kills,
        why="run `python -m benchmarks.kills` and name its report with `--kills`; the test suite runs rounds of it",
    ),
    Budget("rca", "rca", "root-cause report, 10 M events", "-", "P95 < 10 s", _rca),
    Budget("ml", "ml", "templates, fingerprints, re-clustering", "-", "each its own, below", _ml),
    Budget("pages", "pages", "page interactions, click to painted", "-", "P95 50 ms to 1.5 s, below", _pages),
    Budget(
        "ui", "ui", "first load, big traces, flame graphs, dashboards, tabs, memory", "-", "each its own, below", _ui
    ),
)
"""Every budget of the design, in its order."""


def verdict(budget: Budget, results: Results) -> Verdict:
    """Judge one budget by what was measured."""
    if budget.judge is None:
        return Verdict("-", None, budget.why)
    failed = results.get("failed", {}).get(budget.section)
    if failed:
        return Verdict("-", None, f"the measurement failed: {failed}")
    if budget.section not in results:
        return Verdict("-", None, budget.why or "left out of this run")
    return budget.judge(results[budget.section])


def chosen(only: frozenset[str]) -> tuple[Budget, ...]:
    """Return the budgets that `--only` names, or all when it names none."""
    return tuple(budget for budget in BUDGETS if not only or budget.key in only)
