"""Turns measurements into the table on the terminal and into `docs/performance.md`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from benchmarks import stats
from benchmarks.budgets import BUDGETS, Budget, Results, ml_met, ml_seen, verdict


def table(results: Results, budgets: tuple[Budget, ...] = BUDGETS) -> Table:
    """Return the budgets as a table for the terminal."""
    view = Table(title="Budgets", title_justify="left")
    for heading in ("what", "rival or base", "budget", "seen", "", "note"):
        view.add_column(heading, overflow="fold")
    colours = {"met": "green", "missed": "red", "not measured": "dim"}
    for budget in budgets:
        found = verdict(budget, results)
        word = f"[{colours[found.word]}]{found.word}[/]"
        view.add_row(budget.what, budget.base, budget.target, found.seen, word, found.note)
    return view


def page(results: Results) -> str:
    """Return `docs/performance.md`."""
    parts = [_HEAD, _budget_section(results), _machine_section(results), _REPEAT.format(**results["options"])]
    if "query" in results:
        parts.append(_query_section(results["query"]))
    if "plan" in results:
        parts.append(_plan_section(results["plan"]))
    if "questions" in results:
        parts.append(_questions_section(results["questions"]))
    if "pages" in results:
        parts.append(_pages_section(results["pages"]))
    if "ui" in results:
        parts.append(_ui_section(results["ui"]))
    if "ingest" in results:
        parts.append(_ingest_section(results["ingest"]))
    if "rca" in results:
        parts.append(_rca_section(results["rca"]))
    if "ml" in results:
        parts.append(ml_section(results["ml"]))
    if "runs" in results.get("rivals", {}):
        parts.append(rivals_section(results["rivals"]))
    return "\n\n".join([*parts, _RIVALS]) + "\n"


def ml_section(section: Results) -> str:
    """Return the part of the page about the learning parts."""
    rows = []
    for case in section["cases"]:
        sign = ">=" if case["at_least"] else "<="
        bound = f"{sign} {case['bound']:,g} {case['unit']}"
        rows.append((case["what"], bound, ml_seen(case), "met" if ml_met(case) else "**missed**", case["note"]))
    return "## Grouping, templates, re-clustering\n\n" + _grid(("what", "budget", "seen", "", "on"), rows)


_OF_RIVALS = {
    "request_p95_ms": ("request P95 ms", 0),
    "accepted_per_s": ("accepted/s", 0),
    "stored_per_s": ("stored/s", 0),
    "cpu_s_per_10k": ("CPU s per 10 000", 1),
    "memory_mib": ("memory MiB", 0),
}
"""What is shown of a run, and with how many decimals."""


def rivals_section(section: Results) -> str:
    """Return the figures of both servers."""
    sizes = " and ".join(f"{quantity:,} events for {name}" for name, quantity in section["events"].items())
    headings = ("server", *(heading for heading, _ in _OF_RIVALS.values()), "disk B per event", "one visible, P50 ms")
    rows = []
    for name, runs in section["runs"].items():
        cells = []
        for column, (_, digits) in _OF_RIVALS.items():
            values = [float(run[column]) for run in runs]
            cells.append(f"{stats.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})")
        visible = stats.spread(section["visible_ms"][name])
        rows.append((name, *cells, f"{section['disk'][name]:,.0f}", f"{visible.median:.0f}"))
    return (
        f"## Beside Bugsink {section['bugsink']}\n\nThe same events by the same client over 32 connections, in turn,"
        f" {sizes} a run; medians, with the least and the most.\n\n" + _grid(headings, rows)
    )


def _grid(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _budget_section(results: Results) -> str:
    rows = []
    for budget in BUDGETS:
        found = verdict(budget, results)
        rows.append((budget.what, budget.base, budget.target, found.seen, f"**{found.word}**", found.note))
    return "## Budgets\n\n" + _grid(("what", "rival or base", "budget", "seen", "", "note"), rows)


def _machine_section(results: Results) -> str:
    facts = [(str(k), str(v)) for k, v in {**results["machine"], **results["versions"]}.items()]
    data = results.get("data", {})
    for name, size in data.get("tables", {}).items():
        per_row = size["bytes"] / max(size["rows"], 1)
        facts.append((f"table `{name}`", f"{size['rows']:,} rows, {per_row:.0f} B a row, {size['parts']} parts"))
    if "load_s" in data:
        facts.append(("loading the data set took", f"{data['load_s']:.0f} s"))
    return "## Machine and versions\n\n" + _grid(("", ""), facts)


def _query_section(section: Results) -> str:
    rows = [
        (
            c["what"],
            c["scope"],
            f"{c['ours_ms']:.1f}",
            f"{c['base_ms']:.1f}",
            "-" if c["unscoped_ms"] is None else f"{c['unscoped_ms']:.1f}",
            f"{c['ratio']['value']:.2f}",
            f"{c['ratio']['low']:.2f}-{c['ratio']['high']:.2f}",
            f"{c['cpu']['value']:.2f}",
            f"{c['cpu']['low']:.2f}-{c['cpu']['high']:.2f}",
            "-" if c.get("process_ms") is None else f"{c['process_ms']:.1f}",
            "yes" if c["equal"] else f"no: {c['difference']}",
        )
        for c in section["comparisons"]
    ]
    heading = (
        *("query", "scope", "compiled ms", "hand-written ms", "unscoped ms", "ratio", "95 % interval"),
        *("of CPU", "95 % interval", "process ms", "same rows"),
    )
    clocks = ", ".join(sorted({c["clock"] for c in section["comparisons"]}))
    return (
        f"## Compiled SQL against hand-written SQL\n\nMedians of {section['pairs']} interleaved pairs, of fewer, but"
        f" three at least, where a case is long; warm, by the {clocks} clock. The interval is a paired bootstrap of the"
        " ratio of medians; `of CPU` is the same of the CPU both took, by which the budget is judged: it waits for"
        " nobody else.\n`unscoped` is the hand-written statement without its condition on projects: what asking"
        " for all of them costs. `process` is what the steps in the process take after the statement.\n\n"
        + _grid(heading, rows)
        + _limits_part(section)
        + _duckdb_part(section)
    )


def _limits_part(section: Results) -> str:
    found = section.get("limits")
    if not found:
        return ""
    stop = found["cancel_ms"]
    grown = max(found["growth_mib"].values())
    stopped = (
        f"A cancelled query stopped {stop['median']:.0f} ms after the call (median of {stop['count']}, slowest"
        f" {stop['largest']:.0f} ms; budget 500 ms)."
        if stop
        else "No query ran long enough to be cancelled."
    )
    return (
        f"\n\n{stopped} Under {len(found['growth_mib'])} hostile statements with a limit of {found['limit_mib']} MiB"
        f" the process grew by at most {grown:.0f} MiB."
    )


def _duckdb_part(section: Results) -> str:
    found = section.get("duckdb") or {"missing": "it was not asked for"}
    if "missing" in found:
        return f"\n\nDuckDB was not measured: {found['missing']}."
    ours = {(c["case"], c["scope"]): c for c in section["comparisons"]}
    rows = [
        (ours[key, scope]["what"], scope, f"{ms['amber']:.0f}", f"{ms['duckdb']:.0f}")
        for key, scopes in found["ms"].items()
        for scope, ms in scopes.items()
        if (key, scope) in ours
    ]
    return (
        f"\n\n### DuckDB on the same rows\n\nDuckDB {found['version']} over a Parquet file of the same rows in the same"
        " order, two threads; medians of five warm runs in turn, both by the wall clock; exact distinct counts and"
        " quantiles on both sides.\n\n" + _grid(("query", "scope", "Amber ms", "DuckDB ms"), rows)
    )


def _plan_section(section: Results) -> str:
    rows = [(f"`{text}`", f"{ms:.1f}") for text, ms in sorted(section["by_text_ms"].items(), key=lambda kv: -kv[1])]
    growth = ", ".join(f"{ms:.1f} ms for {count}" for count, ms in section["by_projects_ms"].items())
    return (
        f"## Planning\n\nMilliseconds of CPU, medians of {section['rounds']} rounds. A bare search by number of visible"
        f" projects: {growth}.\n\n" + _grid(("text", "ms"), rows)
    )


def _questions_section(section: Results) -> str:
    rows = [
        (
            a["what"],
            a["scope"],
            f"{a['ms']['median']:.0f}",
            f"{a['ms']['p95']:.0f}",
            "-" if a["whole_ms"] is None else f"{a['whole_ms']:.0f}",
            f"{a['rows']:,}",
            f"{a['rows_read']:,}",
            f"{a['budget_ms']}",
            "met" if a["met"] else "**missed**",
        )
        for a in section["answers"]
    ]
    heading = ("question", "scope", "median ms", "P95 ms", "whole ms", "rows", "rows read", "interaction ms", "")
    return (
        f"## Questions of the pages\n\nText to answer, {section['rounds']} rounds of all questions in turn, warm. An"
        f" interaction's budget also holds {section['browser_ms']} ms of the browser. `whole` is the engine alone with"
        " the same statement where rows are\nread in parts, newest first, but at once.\n\n" + _grid(heading, rows)
    )


def _rca_section(section: Results) -> str:
    rows = [
        (
            one["what"],
            f"{one['seconds']['median']:.2f}",
            f"{one['seconds']['p95']:.2f}",
            f"{one['rows_read']:,}",
            "met" if one["met"] else "**missed**",
            "; ".join(one["notes"]),
        )
        for one in section["answers"]
    ]
    return (
        f"## Root causes\n\nQuestion to report, {section['rounds']} rounds of all analyses in turn, no answer kept; six"
        " windows before it are the baseline.\n\n"
        + _grid(("analysis", "median s", "P95 s", "rows read", "", "notes"), rows)
    )


def _ui_section(section: Results) -> str:
    rows = []
    for case in section["cases"]:
        numbers = (f"{case['seen']:,.6g}", f"{case['most']:,.6g}", case["unit"], "met" if case["met"] else "**missed**")
        rows.append((case["what"], *numbers, case["note"]))
    return (
        "## Budgets of whole pages\n\nTimes are P95 from the click to the frame that shows the page; a ratio is to the"
        f" same number before. Load average at the end {section['load']:.1f}.\n\n"
        + _grid(("what", "seen", "budget", "unit", "", "note"), rows)
    )


def _pages_section(section: Results) -> str:
    rows = []
    for timing in section["timings"]:
        found = stats.spread(timing["ms"])
        word = "met" if found.p95 <= timing["budget_ms"] else "**missed**"
        numbers = (f"{found.median:.0f}", f"{found.p95:.0f}", str(timing["budget_ms"]), word)
        rows.append((timing["interaction"], timing["scope"], *numbers))
    return (
        "## Interactions of the pages\n\nFrom the click to the frame that shows the answer, in headless Chromium on the"
        f" same two cores, {section['repeats']} times each, over the last day\nof the data set. Two frames of measuring"
        " are in each number. Not measured: the echo of a bulk action, the skeleton of a navigation.\n\n"
        + _grid(("interaction", "scope", "median ms", "P95 ms", "budget ms", ""), rows)
    )


def _ingest_section(section: Results) -> str:
    runs = [
        tuple(
            f"{run[name]:.{digits}f}"
            for name, digits in (
                ("accepted_per_s", 0),
                ("request_p50_ms", 1),
                ("request_p95_ms", 1),
                ("request_p99_ms", 1),
                ("stored_per_s", 0),
                ("lag_s", 1),
                ("cpu_s_per_10k", 1),
                ("memory_mib", 0),
            )
        )
        for run in section["runs"]
    ]
    heading = ("accepted/s", "P50 ms", "P95 ms", "P99 ms", "stored/s", "lag s", "CPU s / 10 000", "memory MiB")
    size = section["disk"]
    events = max(size["events"], 1)
    columns = [(f"`{name}`", f"{value / events:.0f}") for name, value in size["columns"].items()]
    plan, body = section["plan"], section["body_bytes"]
    return (
        f"## Ingest\n\n{plan['events']:,} events a run over {plan['connections']} connections,"
        f" {body['json'] / 1000:.1f} kB of JSON and {body['gzip'] / 1000:.1f} kB gzipped each,"
        f" {plan['issues']} issues.\n\n"
        + _grid(heading, runs)
        + f"\n\nDisk for {size['events']:,} events, merged: {size['errors_table'] / events:.0f} B in `errors` (of it"
        f" {size['indexes'] / events:.0f} B indexes), {size['rollup'] / events:.0f} B in the roll-up,"
        f" {size['beside'] / events:.0f} B in the metadata database and the normaliser's state. Largest columns:\n\n"
        + _grid(("column", "bytes an event"), columns)
    )


_HEAD = """# Performance

This page is written by `make bench`. It holds every budget of the design with the number seen on the machine named
below. All of it ran on one machine, load client included; its CPU is not counted as the server's."""

_REPEAT = """## How to repeat

    make bench                                          # all of it, {rows} events
    .venv/bin/python -m benchmarks --only query,plan    # parts of it
    .venv/bin/python -m benchmarks --rows 100000        # a quick look

The data set is made once and kept in `{data}`. Both sides of a comparison run in turn, in {pairs} pairs.
Nothing else should run on the machine."""

_RIVALS = """## Rivals

The numbers of other servers are quoted from an earlier comparison on two shared cores (events of 18.5 kB of JSON whose
values repeat, one run each, the load client on the same cores), not measured in this run:

| server | connections | accepted/s | P95 ms | stored/s | CPU s / 10 000 | memory MiB | disk B an event |
| --- | --- | --- | --- | --- | --- | --- | --- |
| Bugsink 2.6.2, SQLite | 8 | 224 | 68 | 47 | 246 | 433 | 31 500 |
| Bugsink 2.6.2, SQLite | 32 | 209 | 198 | 50 | 240 | 434 | 31 300 |
| Bugsink 2.6.2, PostgreSQL | 32 | 79 | 475 | 20 | 664 | 619 | 15 400 |
| GlitchTip 5.1, PostgreSQL, Redis | 32 | 117 | 386 | 96 | 183 | 773 | 6 540 |

One event on an idle server, sent to visible: Bugsink 40 ms median, GlitchTip 1.8 s."""
