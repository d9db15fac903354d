"""Hypothesis strategies for the syntax trees that a parser can return.

Trees are in normal form: AND and OR have at least two terms and none of their own kind, bare words hold neither quotes
nor connectives, values fit the type of their key.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from queries import ast
from queries.parser import RESERVED
from queries.printer_expressions import print_named
from queries.search.escapes import has_wildcard

MINUTE = 60 * 10**9


@st.composite
def brief(draw: st.DrawFn, make):
    """Draw from the strategy that `make` returns, without spelling it out in every larger strategy's repr."""
    return draw(make())


any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
nasty_text = st.text(st.sampled_from('ab*\\" `|;/[](),:!\n\t\r='), max_size=10)
texts = any_text | nasty_text
filled = texts.filter(bool)

# --- searches

_words = st.lists(
    st.from_regex(r"[a-z][a-z*.0-9|;-]{0,6}", fullmatch=True).filter(lambda w: w not in {"and", "or"} and ";" not in w),
    min_size=1,
    max_size=3,
).map(" ".join)
free_text = st.builds(ast.FreeText, _words, st.just(False)) | st.builds(ast.FreeText, texts, st.just(True))

plain_keys = st.sampled_from(["level", "user.email", "message", "custom-tag", "a.b_c"]).map(ast.Key)
quoted_keys = st.from_regex(r"[a-z][a-zA-Z0-9_.:-]{0,6}", fullmatch=True).map(lambda name: ast.Key(name, quoted=True))
element_keys = st.sampled_from(["level", "custom-tag"]).map(lambda name: ast.Key(name, element=True))
tag_names = st.from_regex(r"[a-zA-Z0-9_.:-]{1,8}", fullmatch=True) | filled
text_tags = st.builds(ast.TagKey, tag_names, st.sampled_from([None, ast.TagType.STRING, ast.TagType.ARRAY]))
text_keys = (
    plain_keys | quoted_keys.filter(lambda key: key.name not in {"start", "end", "time"}) | element_keys | text_tags
)

_bare_value = st.text(st.sampled_from('ab.*\\"-|<1'), min_size=1, max_size=8)


def _text_value(text: str, *, quoted: bool) -> ast.Text:
    match = ast.TextMatch.WILDCARD if has_wildcard(text) else ast.TextMatch.EXACT
    return ast.Text(text, match, quoted)


exact_texts = st.builds(ast.Text, texts, st.just(ast.TextMatch.EXACT), st.just(True)) | st.builds(
    ast.Text, _bare_value, st.just(ast.TextMatch.EXACT), st.just(False)
)
patterns = st.builds(lambda text: _text_value(f"*{text}", quoted=True), texts) | st.builds(
    lambda text: _text_value(f"*{text}", quoted=False), _bare_value
)
operators = st.sampled_from([ast.TextMatch.CONTAINS, ast.TextMatch.STARTS_WITH, ast.TextMatch.ENDS_WITH])
matched_texts = st.builds(ast.Text, texts, operators, st.just(True))
text_lists = st.lists(exact_texts | patterns, min_size=1, max_size=3).map(tuple).map(ast.TextList)
matched_lists = operators.flatmap(
    lambda op: st.lists(st.builds(ast.Text, texts, st.just(op), st.just(True)), min_size=1, max_size=3)
).map(lambda items: ast.TextList(tuple(items)))
regexes = st.from_regex(r"[a-z(][a-z(). |*\\]{0,10}", fullmatch=True).map(ast.Regex)
text_values = exact_texts | patterns | matched_texts | text_lists | matched_lists | regexes

magnitudes = st.integers(0, 10**18) | st.floats(0, 1e15, allow_subnormal=False)
numbers = magnitudes.map(ast.Number)
signed_numbers = (magnitudes | magnitudes.map(lambda value: -value)).map(ast.Number)
durations = st.integers(0, 10**20).map(ast.Duration) | st.integers(0, 500).map(lambda n: ast.Duration(n * 60 * MINUTE))
sizes = (st.floats(0, 1e18) | st.integers(0, 10**6).map(lambda n: n * 1024.0)).map(ast.Size)
percentages = st.floats(0, 1e6).map(ast.Percentage)
booleans = st.booleans().map(ast.Boolean)
moments = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))
instants = moments.map(ast.Instant) | moments.map(
    lambda at: ast.Instant(at.replace(hour=0, minute=0, second=0, microsecond=0), whole_day=True)
)
relative_hours = st.integers(-(10**4), 10**4).map(lambda hours: ast.RelativeInstant(hours * 60 * MINUTE))
relative_instants = st.integers(-(10**6), 10**6).map(lambda minutes: ast.RelativeInstant(minutes * MINUTE))

signs = st.sampled_from(list(ast.Op))
numeric_keys = st.sampled_from(["issue.id", "stack.lineno", "measurements.size"]).map(ast.Key) | st.builds(
    ast.TagKey, tag_names, st.just(ast.TagType.NUMBER)
)


_EQUAL = st.just(ast.Op.EQ)


def _filters(key: st.SearchStrategy, value: st.SearchStrategy, op: st.SearchStrategy = _EQUAL):
    return st.builds(ast.Filter, key, op, value, st.booleans())


row_filters = st.one_of(
    _filters(text_keys, text_values),
    _filters(
        st.just(ast.Key("release.version")), st.builds(ast.Text, _bare_value.filter(lambda t: t[0] not in "<-1")), signs
    ),
    _filters(numeric_keys, signed_numbers, signs),
    _filters(numeric_keys, st.lists(signed_numbers, min_size=1, max_size=3).map(tuple).map(ast.NumberList)),
    _filters(st.sampled_from(["transaction.duration", "spans.http"]).map(ast.Key), durations, signs),
    _filters(st.sampled_from(["error.handled", "stack.in_app"]).map(ast.Key), booleans),
    _filters(st.just(ast.Key("timestamp")), instants, signs),
    _filters(st.just(ast.Key("timestamp")), relative_instants),
    st.builds(ast.Has, plain_keys | text_tags | filled.map(lambda name: ast.Key(name, quoted=True)), st.booleans()),
    st.builds(ast.Is, texts, st.booleans()),
)


def _aggregate_filters(search: st.SearchStrategy):
    names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
    arguments = st.lists(texts | search, max_size=3).map(tuple)
    any_key = st.builds(ast.AggregateKey, names, arguments)
    duration_key = st.builds(ast.AggregateKey, names, st.just(("transaction.duration",)))
    return st.one_of(
        _filters(any_key, signed_numbers | percentages | sizes | relative_hours, signs),
        _filters(duration_key, durations, signs),
        _filters(st.just(ast.AggregateKey("last_seen")), instants | relative_instants, signs),
    )


def _joined(kind: type, terms: st.SearchStrategy):
    return st.lists(terms.filter(lambda term: not isinstance(term, kind)), min_size=2, max_size=3).map(
        lambda items: kind(tuple(items))
    )


def _search_nodes(depth: int):
    leaves = free_text | row_filters
    if depth == 0:
        return leaves
    inner = _search_nodes(depth - 1)
    nested = st.builds(ast.Search, inner) | st.just(ast.Search(None))
    return leaves | _aggregate_filters(nested) | _joined(ast.And, inner) | _joined(ast.Or, inner)


_search_nodes_2 = _search_nodes(2)
search_nodes = brief(lambda: _search_nodes_2)
searches = search_nodes.map(ast.Search)

# --- expressions

identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}(\.[a-z0-9_]{1,3})?", fullmatch=True).filter(
    lambda name: name.lower() not in RESERVED
)
names = st.builds(ast.Name, identifiers, st.just(False)) | st.builds(ast.Name, filled, st.just(True))
ambiguous = st.builds(ast.Ambiguous, magnitudes, st.sampled_from(["m", "b"]))
predicates = (searches | st.just(ast.Search(None))).map(ast.SearchExpr)
literals = st.one_of(
    texts.map(ast.String), numbers, durations, sizes, percentages, booleans, instants, st.just(ast.Null()), ambiguous
)
binary_signs = st.sampled_from(
    ["and", "or", "=", "!=", "<", "<=", ">", ">=", "contains", "=~", "+", "-", "*", "/", "%"]
)
call_names = identifiers.filter(lambda name: name.lower() != "field")


def _larger(inner: st.SearchStrategy):
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(ast.Call, call_names, several),
        st.builds(ast.Index, inner, inner),
        st.builds(ast.Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(ast.Binary, binary_signs, inner, inner),
        st.builds(ast.InList, inner, several.filter(bool), st.booleans()),
        st.builds(ast.Conditional, inner, inner, inner),
    )


_expressions = st.recursive(brief(lambda: names | literals | predicates), _larger, max_leaves=8)
expressions = brief(lambda: _expressions)

# --- pipelines

named = st.builds(ast.Named, st.none() | identifiers | filled, expressions)
assigned = st.builds(ast.Named, identifiers | filled, expressions)
some_named = st.lists(named, min_size=1, max_size=3).map(tuple)
maybe_named = st.lists(named, max_size=2).map(tuple)
counts = st.integers(0, 2**63 - 1)
series_tops = st.builds(ast.SeriesTop, counts, expressions, st.booleans())
sort_keys = st.builds(ast.SortKey, expressions, st.booleans())
some_sort_keys = st.lists(sort_keys, min_size=1, max_size=2).map(tuple)
maybe_count = st.none() | counts
maybe_duration = st.none() | durations
backticked = searches | st.just(ast.Search(None))
series_widths = st.tuples(st.none(), st.just("")) | st.tuples(
    durations | st.sampled_from(list(ast.Calendar)), st.sampled_from(["", "UTC", "Europe/Berlin"])
)
made_series = st.builds(
    lambda aggregates, width, by, top, fill: ast.MakeSeries(aggregates, width[0], by, top, fill, width[1]),
    some_named,
    series_widths,
    maybe_named,
    st.none() | series_tops,
    st.none() | st.sampled_from(list(ast.Fill)),
)
_row_stages = st.one_of(
    st.builds(ast.Where, expressions, st.sampled_from(["where", "having"])),
    st.builds(ast.Extend, st.lists(assigned, min_size=1, max_size=2).map(tuple)),
    st.builds(ast.Project, some_named),
    st.builds(ast.Summarize, some_named, maybe_named),
    made_series,
    st.builds(ast.Sort, some_sort_keys),
    st.builds(ast.Limit, counts),
    st.builds(ast.Top, counts, expressions, maybe_named, st.booleans(), st.booleans()),
    st.builds(ast.Distinct, maybe_named),
    st.builds(ast.Sample, st.integers(1, 10**9) | st.integers(1, 100).map(lambda n: ast.Percentage(n / 100)), counts),
    st.builds(ast.Share, st.none() | expressions, maybe_named),
    st.builds(
        ast.Window, identifiers, call_names, st.lists(expressions, max_size=2).map(tuple), maybe_named, some_sort_keys
    ),
)


def _starts_with_a_clause(item: ast.Named | None) -> bool:
    """Whether an optional aggregate would be read as the clause that may stand in its place."""
    return item is not None and print_named(item).split("(")[0].lower().startswith(
        ("season", "sensitivity", "baseline", "limit")
    )


_compare_targets = st.one_of(
    st.sampled_from(list(ast.Period)),
    durations,
    st.builds(ast.Release, texts.map(ast.String) | st.just(ast.Name("$release"))),
    backticked,
)
_trace_steps = st.lists(st.builds(ast.TraceStep, st.sampled_from(list(ast.TraceOp)), backticked), max_size=3).map(tuple)
_analysis_stages = st.one_of(
    st.builds(ast.Compare, _compare_targets, st.none() | st.sampled_from(list(ast.Change))),
    st.builds(ast.Histogram, named, maybe_count) | st.builds(ast.Histogram, named, st.none(), st.just(True)),
    st.builds(ast.Heatmap, named, maybe_duration),
    st.builds(ast.Facets, maybe_named, maybe_count),
    st.builds(ast.Diff, backticked, st.none() | st.just(ast.Period.PREVIOUS) | backticked, maybe_named, maybe_count),
    st.builds(ast.Cluster, maybe_named, maybe_count),
    st.builds(ast.Patterns, named, maybe_count),
    st.builds(
        ast.Anomalies,
        (st.none() | named).filter(lambda item: not _starts_with_a_clause(item)),
        st.none() | st.sampled_from(list(ast.Season)),
        st.none() | st.integers(1, 100) | st.floats(0.01, 100),
    ),
    st.builds(ast.Changepoint, st.none() | named),
    st.builds(
        ast.Rca,
        (st.none() | named).filter(lambda item: not _starts_with_a_clause(item)),
        maybe_duration,
        maybe_count,
    ),
    st.builds(ast.Correlate, named, some_named),
    st.builds(
        ast.Funnel, st.lists(backticked, min_size=2, max_size=3).map(tuple), named, maybe_duration, st.none() | named
    ),
    st.builds(ast.Sessions, named, durations),
    st.builds(ast.Retention, named, durations),
    st.builds(ast.Trace, backticked, _trace_steps),
)
_stages = _row_stages | _analysis_stages
stages = brief(lambda: _stages)
ends = instants | st.integers(-(10**15), 10**15).map(ast.RelativeInstant)
time_ranges = st.builds(ast.Last, durations) | st.builds(ast.Between, ends, ends) | st.builds(ast.At, instants)


def _sources(bound: tuple[str, ...]):
    known = st.sampled_from(["errors", "spans", "transactions", *bound])
    datasets = st.lists(known.map(ast.Name), min_size=1, max_size=2).map(tuple)
    return st.builds(ast.Source, datasets, st.none() | time_ranges)


explains = st.sampled_from(list(ast.Explained)).map(ast.Explain)


def _pipelines(source: st.SearchStrategy, bound: tuple[str, ...] = (), *, nested: bool = False):
    every = stages if nested else stages | _nesting(bound)
    several = st.lists(every, max_size=2).map(tuple)
    if not nested:
        several |= st.tuples(stages, explains)
    return st.builds(ast.Pipeline, source, st.none() | searches, several)


def _nesting(bound: tuple[str, ...]):
    """Stages that hold pipelines."""
    other = st.sampled_from(["errors", "inner", *bound]).map(ast.Name) | _pipelines(
        st.none() | _sources(bound), bound, nested=True
    )
    keys = st.builds(ast.JoinKey, names, names) | names.map(lambda name: ast.JoinKey(name, name))
    some_keys = st.lists(keys, min_size=1, max_size=2).map(tuple)
    return st.builds(ast.Join, st.sampled_from(list(ast.JoinKind)), other, some_keys, maybe_duration) | st.builds(
        ast.Union, st.lists(other, min_size=1, max_size=2).map(tuple)
    )


let_names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@st.composite
def queries(draw: st.DrawFn) -> ast.Query:
    """Draw a whole query whose pipelines may read what was bound before them."""
    bound: tuple[str, ...] = ()
    lets: list[ast.Let] = []
    for name in draw(st.lists(let_names, max_size=2)):
        value = draw(_pipelines(_sources(bound), bound) | expressions)
        lets.append(ast.Let(name, value))
        bound = (*bound, name)
    return ast.Query(tuple(lets), draw(_pipelines(st.none() | _sources(bound), bound)))
