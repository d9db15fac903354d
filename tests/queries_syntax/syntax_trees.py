"""Hypothesis strategies for the syntax trees that a parser can return.

Trees are in normal form: AND and OR have at least two terms and none of their own kind, bare words hold neither quotes
nor connectives, values fit the type of their key.
"""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from queries import ast
from queries.parser import RESERVED
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
_stages = st.one_of(
    st.builds(ast.Where, expressions, st.sampled_from(["where", "having"])),
    st.builds(ast.Extend, st.lists(assigned, min_size=1, max_size=2).map(tuple)),
    st.builds(ast.Project, some_named),
    st.builds(ast.Summarize, some_named, maybe_named),
    st.builds(
        ast.MakeSeries,
        some_named,
        st.none() | durations,
        maybe_named,
        st.none() | series_tops,
        st.none() | st.sampled_from(list(ast.Fill)),
    ),
    st.builds(ast.Sort, st.lists(sort_keys, min_size=1, max_size=2).map(tuple)),
    st.builds(ast.Limit, counts),
    st.builds(ast.Top, counts, expressions, maybe_named, st.booleans(), st.booleans()),
    st.builds(ast.Facets, maybe_named, st.none() | counts),
)
stages = brief(lambda: _stages)
ends = instants | st.integers(-(10**15), 10**15).map(ast.RelativeInstant)
time_ranges = st.builds(ast.Last, durations) | st.builds(ast.Between, ends, ends) | st.builds(ast.At, instants)


def _sources(bound: tuple[str, ...]):
    known = st.sampled_from(["errors", "spans", "transactions", *bound])
    datasets = st.lists(known.map(ast.Name), min_size=1, max_size=2).map(tuple)
    return st.builds(ast.Source, datasets, st.none() | time_ranges)


def _pipelines(source: st.SearchStrategy):
    return st.builds(ast.Pipeline, source, st.none() | searches, st.lists(stages, max_size=2).map(tuple))


let_names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@st.composite
def queries(draw: st.DrawFn) -> ast.Query:
    """Draw a whole query whose pipelines may read what was bound before them."""
    bound: tuple[str, ...] = ()
    lets: list[ast.Let] = []
    for name in draw(st.lists(let_names, max_size=2)):
        value = draw(_pipelines(_sources(bound)) | expressions)
        lets.append(ast.Let(name, value))
        bound = (*bound, name)
    return ast.Query(tuple(lets), draw(_pipelines(st.none() | _sources(bound))))
