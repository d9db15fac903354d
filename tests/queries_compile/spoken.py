"""Texts of the language made by dice: mostly ones that make sense, with a slip now and then.

One seed is one text, so that ten thousand of them cost seconds; trees of every shape are `syntax_trees`' business.
"""

# ruff: noqa: E501 - tables read best in rows, and dice are no secrets
from __future__ import annotations

import random

FIELDS = {
    "errors": ("level", "title", "message", "error.type", "user", "user.email", "issue", "project", "release",
               "environment", 'tags["region"]', "http.status_code", "transaction", "stack.function", "trace"),
    "spans": ("span.op", "span.description", "span.status", "transaction", "release", "project", "trace", "user",
              'tags["region"]', "measurements.lcp"),
    "transactions": ("transaction", "span.status", "release", "project", "trace", 'tags["region"]'),
    "issues": ("issue", "status", "priority", "level", "project"),
}  # fmt: skip
NUMBERS = {
    "errors": ("http.status_code", "length(message)", "sample_weight"),
    "spans": ("span.duration", "measurements.lcp"),
    "transactions": ("transaction.duration", "span.duration"),
    "issues": ("length(title)",),
}
FILTERS = {
    "errors": ("level:error", "!level:[a, b*]", "user.email:*@corp.com", "has:user", "is:unresolved", "timeout", '"two words"',
               "message://a.*b//", "release:>1.2", "timestamp:-2h", "http.status_code:>=500", "issue:WEB-1", "count():>5",
               "(level:error OR level:fatal)", "error.handled:true", "assigned:[me, none]", "region:eu", "project:web",
               "release:latest", "tags[a b]:c", 'message:"a\\"b"', "stack.function:*main*", "title:[é, 日本]"),
    "spans": ("span.op:db", "span.duration:>1s", "transaction:/pay", "has:measurements.lcp", "!span.status:ok", "region:eu"),
    "transactions": ("transaction.duration:<300ms", "span.status:internal_error", "p95(transaction.duration):>1s"),
    "issues": ("is:assigned", "priority:high", "status:unresolved"),
}  # fmt: skip
SLIPS = (
    "|",
    "| sumarize",
    "`",
    "(",
    "))",
    "by by",
    "2b",
    '"',
    "from",
    "| limit -1",
    "| where",
    "💥",
    "= =",
    "let x = ;",
)


_SIDES = ("previous", "1d ago", "day", "week", 'release "1.2"', "`level:error`")


class Speaker:
    """Says texts."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.base = "spans"
        self.dataset = self.dice.choices(["errors", "spans", "transactions", "issues"], [6, 4, 2, 1])[0]

    def text(self) -> str:
        """Return one text."""
        said = self._lets() + self._source() + self._search() + self._stages(self.dice.randrange(4))
        if self.dice.random() < 0.04:
            said += f" | explain {self._one('sql', 'plan', 'cost', 'english')}"
        if self.dice.random() < 0.08:
            place = self.dice.randrange(len(said) + 1)
            said = f"{said[:place]} {self.dice.choice(SLIPS)} {said[place:]}"
        return said

    def _one(self, *choices: str) -> str:
        return self.dice.choice(choices)

    def _maybe(self, text: str, often: float = 0.4) -> str:
        return text if self.dice.random() < often else ""

    def _lets(self) -> str:
        if self.dice.random() > 0.12:
            return ""
        self.base = "base"
        return (
            f"let base = from {self.dataset}{self._search()}{self._stages(1)}; let few = {self.dice.randrange(1, 90)}; "
        )

    def _source(self) -> str:
        time = self._one("", "", " last 2h", " last 7d", " between -2d and -1d", " at 2026-02-28")
        more = self._maybe(", spans", 0.05)
        return f"from {self.dataset}{more}{time}"

    def _search(self) -> str:
        chosen = [self.dice.choice(FILTERS[self.dataset]) for _ in range(self.dice.randrange(3))]
        return "".join(f" {self._maybe('OR ', 0.1) if i else ''}{item}" for i, item in enumerate(chosen))

    def _stages(self, count: int) -> str:
        return "".join(f" | {self._stage()}" for _ in range(count))

    def field(self) -> str:
        """Return a field of the data set, or seldom a name nobody has."""
        return self._one(*FIELDS[self.dataset], self._one("n", "nonsense", "timestamp", 'field("a-b")'))

    def number(self) -> str:
        """Return something numeric."""
        return self._one(*NUMBERS[self.dataset])

    def aggregate(self) -> str:
        """Return an aggregate."""
        plain = self._one(
            "count()", f"count_unique({self.field()})", f"p95({self.number()})", f"avg({self.number()})", "last_seen()",
            f"sum({self.number()})", f"count_if(`{self._one(*FILTERS[self.dataset])}`)", f"any({self.field()})",
            f"topk({self.field()}, 3)", "failure_rate()", "epm()", f"max({self.number()}) - min({self.number()})",
            f"percentile({self.number()}, 0.9)", "apdex(300ms)", f"make_set({self.field()})", f"hll({self.field()})",
        )  # fmt: skip
        return f"{self._maybe('n=', 0.6)}{plain}"

    def _keys(self) -> str:
        return ", ".join(self.field() for _ in range(self.dice.randrange(1, 3)))

    def condition(self) -> str:
        """Return a condition."""
        return self._one(
            f"`{self._one(*FILTERS[self.dataset])}`", f"{self.number()} > {self.dice.randrange(900)}", f'{self.field()} = "a"',
            f"{self.field()} in [\"a\", 'b']", f'{self.field()} contains "é"', f"n > {self.dice.randrange(9)}",
            f"not ({self.field()} = null)", "timestamp > ago(1h)", f"{self.number()} > 5m", "hour_of_day(timestamp) = 3",
        )  # fmt: skip

    def _stage(self) -> str:
        kinds = (
            self._shape, self._shape, self._shape, self._groups, self._groups, self._series, self._rows, self._together,
            self._analysis, self._analysis, self._people,
        )  # fmt: skip
        return self.dice.choice(kinds)()

    def _shape(self) -> str:
        return self._one(
            f"where {self.condition()}", f"having {self.condition()}", f"limit {self.dice.randrange(1, 2000)}",
            f"extend x = {self.number()} * 2, y = lower({self.field()})", f"project timestamp, a={self.field()}, {self.number()}",
            f"sort {self._one('n', self.number(), self.field())}{self._maybe(' desc')}", f"distinct{self._maybe(' ' + self._keys())}",
            f"extend z = {self.condition()} ? 1 : 2", f"sample {self._one('10%', '50', '100%')}{self._maybe(' seed 3')}",
        )  # fmt: skip

    def _groups(self) -> str:
        return f"summarize {self.aggregate()}{self._maybe(f' by {self._keys()}', 0.8)}"

    def _series(self) -> str:
        every = self._one("", " every 1h", " every 5m", ' every day in "Europe/Berlin"', " every month", " every 7d")
        top = self._maybe(f" top 3 by {self._one('count()', 'n')}{self._maybe(' other')}", 0.3)
        fill = self._maybe(f" fill {self._one('zero', 'null', 'linear', 'forward')}", 0.3)
        return f"make-series {self.aggregate()}{every}{self._maybe(f' by {self.field()}')}{top}{fill}"

    def _rows(self) -> str:
        per = self._maybe(f" per {self.field()}")
        made = self._one("lag(n)", "row_number()", "running_sum(n)", "delta(n)", "rank()", "moving_avg(n, 3)")
        return self._one(
            f"top {self.dice.randrange(1, 9)}{per} by {self._one('n', self.number(), 'count()')}{self._maybe(' other', 0.2)}",
            f"share{self._maybe(' of n')}{self._maybe(f' by {self.field()}', 0.2)}",
            f"window w = {made}{self._maybe(f' by {self.field()}')} sort {self._one('timestamp', 'n')}",
        )

    def _together(self) -> str:
        other = self._one(
            "(from spans last 1h span.op:db)", self.base, "(from errors | summarize m=count() by trace)", "transactions"
        )
        return self._one(
            f"join {self._one('', 'left ', 'semi ', 'anti ')}{other} on {self._one('trace', 'project', 'trace, project')}"
            f"{self._maybe(' within 5m', 0.2)}",
            f"union {other}",
            f"compare to {self._one(*_SIDES)}"
            f"{self._maybe(' as ' + self._one('delta', 'ratio', 'pct', 'both'))}",
        )  # fmt: skip

    def _analysis(self) -> str:
        one, other = (self._one(*FILTERS[self.dataset]) for _ in range(2))
        return self._one(
            f"histogram {self.number()}{self._one('', ' buckets 7', ' log')}", f"heatmap {self.number()}{self._maybe(' every 1h')}",
            f"facets{self._maybe(' ' + self._keys())}{self._maybe(' top 3')}",
            f"diff `{one}`{self._one('', ' vs rest', f' vs `{other}`', ' vs previous')}{self._maybe(' on ' + self._keys())}",
            f"cluster{self._maybe(' on ' + self._keys())}", f"patterns {self.field()}{self._maybe(' limit 5')}",
            f"anomalies{self._maybe(' n')}{self._maybe(' season day')}", f"changepoint{self._maybe(' n')}",
            f"correlate {self.aggregate()} with {self._keys()}",
            f"trace `{one}` {self._one('=>', '->', '&&', '||', '!>')} `{other}`",
        )  # fmt: skip

    def _people(self) -> str:
        one, other = (self._one(*FILTERS[self.dataset]) for _ in range(2))
        return self._one(
            f"funnel `{one}` -> `{other}` by {self.field()}{self._maybe(' within 1h')}{self._maybe(f' split {self.field()}', 0.2)}",
            f"sessions by {self.field()} gap 30min",
            f"retention by {self.field()} every 1d",
        )
