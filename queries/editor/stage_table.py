"""Stages as an editor and the reference page show them: how each is written, what it does, its words, an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from queries import ast

EVERY = ("1min", "5min", "15min", "1h", "6h", "24h")
CALENDAR = tuple(width.value for width in ast.Calendar)
FILLS = tuple(fill.value for fill in ast.Fill)
SEASONS = tuple(season.value for season in ast.Season)
ZONES = ('"UTC"', '"Europe/Berlin"', '"America/New_York"', '"Asia/Tokyo"')
WINDOW_FUNCTIONS = ("lag", "lead", "row_number", "rank", "running_sum", "moving_avg", "delta", "rate")
LENGTHS = ("15min", "1h", "6h", "24h", "7d")

START = ""
"""Key of `StageInfo.choices` for the place just behind the stage's name."""


@dataclass(frozen=True, slots=True)
class StageInfo:
    """One stage.

    Attributes:
        name: as written.
        syntax: the whole stage, optional parts in brackets, what the reader puts in capitals.
        doc: what it does.
        example: a text that uses it.
        choices: what stands behind a word of the stage where only few things may: closed sets.
        words: what may follow a finished part.
        expects: `value` when expressions stand behind the name, `search` when a backticked search does, else empty.
    """

    name: str
    syntax: str
    doc: str
    example: str
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    expects: str = "value"


_ENTRIES = (
    StageInfo(
        "where",
        "where EXPR",
        "Keep rows that fulfil a condition; a search stands in backticks.",
        'from errors | where level = "error" and `!has:user`',
    ),
    StageInfo(
        "having",
        "having EXPR",
        "Keep groups that fulfil a condition.",
        "from errors | summarize n=count() by issue | having n > 10",
    ),
    StageInfo(
        "extend",
        "extend NAME = EXPR, …",
        "Add computed columns.",
        "from spans | extend seconds = span.duration / 1s",
    ),
    StageInfo(
        "project",
        "project EXPR, NAME = EXPR, …",
        "Keep or make exactly these columns.",
        "from errors | project timestamp, title, who = user.email",
    ),
    StageInfo(
        "summarize",
        "summarize NAME = AGGREGATE, … [by KEY, …]",
        "Compute aggregates for each key; bin(timestamp, 5m) makes buckets of time.",
        "from errors | summarize n=count(), users=count_unique(user) by issue | sort n desc",
        words=("by",),
    ),
    StageInfo(
        "make-series",
        'make-series AGGREGATE, … [every DURATION|day|week|month|quarter|year] [in "ZONE"] [by KEY, …]'
        " [top N by EXPR [other]] [fill zero|null|linear|forward]",
        "Compute aggregates over time, without gaps.",
        "from errors | make-series count() every 1h by level top 3 by count() other fill zero",
        {"every": (*EVERY, *CALENDAR), "fill": FILLS, "in": ZONES, "top": ("3", "5", "10")},
        ("by", "every", "in", "top", "fill", "other"),
    ),
    StageInfo(
        "sort",
        "sort EXPR [asc|desc], …",
        "Order rows.",
        "from spans | sort span.duration desc | limit 10",
        words=("desc", "asc"),
    ),
    StageInfo(
        "limit", "limit N", "Keep the first rows.", "from errors | limit 20", {START: ("10", "100", "1000")}, expects=""
    ),
    StageInfo(
        "top",
        "top N [per KEY, …] by EXPR [asc|desc] [other]",
        "Keep the best rows, of each key if wanted, the rest as one row with `other`.",
        "from errors | summarize n=count() by project, issue | top 5 per project by n",
        {START: ("3", "5", "10")},
        ("by", "per", "desc", "asc", "other"),
    ),
    StageInfo(
        "distinct",
        "distinct [KEY, …]",
        "Keep each combination of values once; without keys, of all columns.",
        "from errors | distinct user.id, release",
    ),
    StageInfo(
        "sample",
        "sample N%|N [seed N]",
        "Look at a part of the rows, the same one for the same seed; counts are weighted and say how sure they are.",
        "from spans last 7d | sample 1% | summarize count(), p95(span.duration) by span.op",
        {START: ("1%", "10%", "1000", "10000"), "seed": ("1",)},
        ("seed",),
        "",
    ),
    StageInfo(
        "share",
        "share [of EXPR] [by KEY, …]",
        "Add each row's percent of the total, or of the total of its keys.",
        "from errors | summarize n=count() by release | share of n",
        {START: ("of", "by")},
        ("by",),
        "",
    ),
    StageInfo(
        "window",
        "window NAME = FUNCTION(ARGS) [by KEY, …] sort KEY [asc|desc]",
        "Add a value computed from neighbouring rows: " + ", ".join(WINDOW_FUNCTIONS) + ".",
        "from errors | summarize n=count() by day=bin(timestamp, 1d) | window before=lag(n) sort day",
        {"=": tuple(f"{name}(" for name in WINDOW_FUNCTIONS)},
        ("by", "sort", "desc", "asc"),
        "",
    ),
    StageInfo(
        "join",
        "join [inner|left|semi|anti] (PIPELINE)|NAME on KEY|KEY = KEY, … [within DURATION]",
        "Put rows of another pipeline beside these, or keep rows that have (semi) or have not (anti) one there.",
        "from errors | join (from spans span.op:http.server) on trace | limit 20",
        {
            START: ("(from ", "inner ", "left ", "semi ", "anti "),
            **dict.fromkeys(("inner", "left", "semi", "anti"), ("(from ",)),
            "within": LENGTHS,
        },
        ("on", "within"),
    ),
    StageInfo(
        "union",
        "union (PIPELINE)|NAME, …",
        "Put rows of other pipelines under these, by column name.",
        "from errors | project timestamp, title | union (from spans | project timestamp, title=span.description)",
        {START: ("(from ",), ",": ("(from ",)},
    ),
    StageInfo(
        "compare",
        'compare to previous|day|week|DURATION ago|release "NAME"|`SEARCH` [as delta|ratio|pct|both]',
        "Put the same numbers of another time, release or search beside these.",
        "from errors | summarize n=count() by issue | compare to previous as pct",
        {
            START: ("to",),
            "to": ("previous", "day", "week", "1d ago", "7d ago", 'release "', "`"),
            "as": tuple(change.value for change in ast.Change),
        },
        ("as",),
        "",
    ),
    StageInfo(
        "histogram",
        "histogram FIELD [buckets N | log]",
        "Count the rows in intervals of a number.",
        "from spans | histogram span.duration log",
        {"buckets": ("10", "20", "50")},
        ("buckets", "log"),
    ),
    StageInfo(
        "heatmap",
        "heatmap FIELD [every DURATION]",
        "Count the rows in intervals of a number, for each bucket of time.",
        "from spans | heatmap span.duration every 15m",
        {"every": EVERY},
        ("every",),
    ),
    StageInfo(
        "facets",
        "facets [FIELD, …] [top N]",
        "Count the most frequent values of fields.",
        "from errors | facets level, release top 5",
        {"top": ("3", "5", "10")},
        ("top",),
    ),
    StageInfo(
        "diff",
        "diff `SEARCH` [vs rest|previous|`SEARCH`] [on FIELD, …] [limit N]",
        "Rank the values that tell two kinds of rows apart.",
        "from spans span.op:http.server | diff `span.duration:>2s` vs rest",
        {START: ("`",), "vs": ("rest", "previous", "`"), "limit": ("10", "20")},
        ("vs", "on", "limit"),
        "search",
    ),
    StageInfo(
        "cluster",
        "cluster [on FIELD, …] [limit N]",
        "Find frequent combinations of values.",
        "from errors | cluster on release, browser.name, error.type limit 10",
        {START: ("on", "limit"), "limit": ("10", "20")},
        ("limit",),
        "",
    ),
    StageInfo(
        "patterns",
        "patterns [FIELD] [limit N]",
        "Find the templates of a text: how often, since when, until when.",
        "from errors | patterns message limit 20",
        {"limit": ("10", "20")},
        ("limit",),
    ),
    StageInfo(
        "anomalies",
        "anomalies [AGGREGATE] [season auto|none|hour|day|week] [sensitivity X]",
        "Mark values of a series that were not to be expected.",
        "from errors last 7d | make-series n=count() every 1h | anomalies season day",
        {"season": SEASONS, "sensitivity": ("2", "3", "4")},
        ("season", "sensitivity"),
    ),
    StageInfo(
        "changepoint",
        "changepoint [AGGREGATE]",
        "Find when the level of a series changed.",
        "from spans last 7d | make-series p95(span.duration) every 1h | changepoint",
    ),
    StageInfo(
        "rca",
        "rca [AGGREGATE] [baseline DURATION] [limit N]",
        "Rank what may have caused what went wrong in the range of the query, compared with the time before it.",
        "from transactions service:shop last 1h | rca p95(transaction.duration)",
        {"baseline": ("2h", "6h", "24h", "7d")},
        ("baseline", "limit"),
    ),
    StageInfo(
        "correlate",
        "correlate AGGREGATE with FIELD, …",
        "Rank the fields and values that move an aggregate.",
        "from spans | correlate p95(span.duration) with release, http.method",
        words=("with",),
    ),
    StageInfo(
        "funnel",
        "funnel `SEARCH` -> `SEARCH` … by KEY [within DURATION] [split KEY]",
        "Count how many get how far through steps.",
        "from spans | funnel `transaction:/cart` -> `transaction:/pay` by user within 1h",
        {START: ("`",), "->": ("`",), ">": ("`",), "within": LENGTHS},
        ("->", "by", "within", "split"),
        "search",
    ),
    StageInfo(
        "sessions",
        "sessions by KEY gap DURATION",
        "Join the rows of a key to sessions, a longer pause begins a new one.",
        "from spans | sessions by user gap 30m",
        {START: ("by",), "gap": ("15min", "30min", "1h")},
        ("gap",),
        "",
    ),
    StageInfo(
        "retention",
        "retention by KEY every DURATION",
        "Of those seen first in a period, count how many come back in later ones.",
        "from spans last 30d | retention by user every 7d",
        {START: ("by",), "every": ("24h", "7d", "30d")},
        ("every",),
        "",
    ),
    StageInfo(
        "trace",
        "trace `SEARCH` { =>|->|&&|'||'|!> `SEARCH` }",
        "Find traces by how their spans stand to each other: child (=>), anywhere below (->), nowhere below (!>).",
        "from spans | trace `span.op:http.server` -> `span.op:db span.duration:>1s`",
        {START: ("`",), **dict.fromkeys(("=>", "->", "&&", "||", "!>", ">", "&", "|"), ("`",))},
        tuple(op.value for op in ast.TraceOp),
        "search",
    ),
    StageInfo(
        "explain",
        "explain sql|plan|cost|english",
        "Show what the query is instead of its answer; the last stage.",
        "from errors | summarize count() by level | explain cost",
        {START: tuple(what.value for what in ast.Explained)},
        (),
        "",
    ),
)

STAGE_TABLE: Mapping[str, StageInfo] = {entry.name: entry for entry in _ENTRIES}
"""Every stage by name."""

WORD_DOCS: Mapping[str, str] = {
    "by": "The keys: one row for each combination of their values.",
    "every": "The width of the buckets of time.",
    "fill": "What an empty bucket holds.",
    "other": "What is not among the top becomes one row or series called Other.",
    "per": "The best of each key instead of the best of all.",
    "within": "How far apart in time at most.",
    "on": "The fields that are looked at, or the keys both sides of a join have.",
    "as": "How the change is shown.",
    "vs": "What the rows of the search are told from.",
    "desc": "Largest first.",
    "asc": "Smallest first.",
    "seed": "The same seed gives the same sample.",
    "season": "How long it takes until a series looks alike again.",
    "sensitivity": "How many standard deviations a value must be off.",
    "gap": "A longer pause begins a new session.",
    "split": "One funnel for each value of the key.",
    "buckets": "How many intervals.",
    "log": "Intervals that grow with the numbers.",
    "with": "The fields whose values are looked at.",
    "ago": "So much earlier.",
    "previous": "The time just before, as long.",
    "rest": "All other rows.",
}
"""Words of stages, for the cursor."""
