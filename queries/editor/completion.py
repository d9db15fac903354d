"""What may stand at the cursor: fields, functions, stages, data sets, operators, keywords, values.

Everything comes from the catalogue and the tables of the language; nothing is read from the store. Where values of a
field fit, the answer carries `value_query`, a Discover text that counts them; `value_items` makes items of its rows.
Unfinished and wrong texts are the usual case, so nothing here fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.schema import DATASETS
from queries import ast
from queries.catalog import (
    ASSIGNEE,
    DEFAULT_DATASET,
    ISSUE_TEXTS,
    PROJECT,
    RELEASE_STAGE,
    SAVED,
    Catalog,
    FieldInfo,
    catalog,
)
from queries.edit_values import equals, name, text
from queries.editor.facts import Facts, columns_after
from queries.editor.items import (
    Item,
    aggregates,
    choices,
    clauses,
    datasets,
    fields,
    keywords,
    operators,
    scalars,
    stages,
    states,
    tags,
    values_of,
)
from queries.editor.place import LONGEST_WORD, Spot, Where, spot, word_around
from queries.editor.stage_table import STAGE_TABLE, START
from queries.errors import NameProblem
from queries.plan.shorthand import PEOPLE
from queries.printer import print_expression, print_query
from queries.printer_search import print_filter_value
from queries.releases import STAGES as RELEASE_STAGES
from queries.types import Base

MAX_ITEMS = 50

_TERM = re.compile(r"[^\s()]*\Z")
_FILTER = re.compile(r"!?(?:tags\[\"?([^\]\"]+)\"?\]|\"?([\w.:-]+?)\"?)(?:\[\*\])?:(>=|<=|!=|[=<>])?(.*)\Z", re.DOTALL)
_LAST_WORD = re.compile(r"([A-Za-z_][\w.-]*|[^\w\s])\s*\Z")
_COMPARED = re.compile(
    r"(?:tags\[\s*[\"']([^\"']+)[\"']\s*\]|field\(\s*\"([^\"]+)\"\s*\)|(?<![\w.])([A-Za-z_][\w.]*+))\s*"
    r"(?:=|!=|==|=~|<>|contains|in\s*\[[^\]]*|not\s+in\s*\[[^\]]*)\s*\Z"
)
_PERCENT = re.compile(r"\d%\s*\Z")
_OPEN_TAG = re.compile(r"tags\[\s*\Z")
_OPEN_FIELD = re.compile(r"field\(\s*\Z")
_BY = re.compile(r"(?<![\w.])by(?![\w.(])", re.IGNORECASE)
_OPERAND_SIGNS = frozenset("=<>!~+-*/%,([?:")
_NAMING = frozenset({"extend", "project", "summarize", "make-series", "facets", "top", "window"})
_OPERAND_WORDS = frozenset({"by", "and", "or", "not", "in", "contains", "per", "on", "with", "of", "split", "sort"})
_OVER_GROUPS = frozenset({"having", "top", "sort", "correlate", "anomalies", "changepoint", "rca", "share"})
"""Stages whose values may hold aggregates."""
_REPEATED = frozenset({"desc", "asc", *(op.value for op in ast.TraceOp)})
"""Words that may stand more than once in a stage."""


@dataclass(frozen=True, slots=True)
class Completions:
    """What may replace `text[from_:to]`.

    Attributes:
        from_: start of the range an item replaces, in characters.
        to: its end.
        items: best first; `kind` is field, function, stage, dataset, operator, keyword or value.
        value_query: Discover text with the columns `value` and `count`, or None when no values are to be looked up.
        style: how `value_items` writes a value: `search`, `expression`, or `string` inside quotes that are open.
        prefix: letters that `value_query` looks for in the values; empty when it takes all.
        all_values_query: the text that counts the values whatever they contain, for who keeps them for a while.
    """

    from_: int
    to: int
    items: tuple[Item, ...] = ()
    value_query: str | None = None
    style: str = "search"
    prefix: str = ""
    all_values_query: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the completions as the HTTP API shows them."""
        return {
            "from": self.from_,
            "to": self.to,
            "items": [item.as_dict() for item in self.items],
            "value_query": self.value_query,
        }


def complete(source: str, cursor: int, facts: Facts | None = None) -> Completions:
    """Return what may stand at the cursor.

    Args:
        source: the text as it is, finished or not.
        cursor: position in it, in characters; clipped to the text.
        facts: the request's own names.
    """
    known = facts or Facts()
    cursor = min(max(cursor, 0), len(source))
    place = spot(source, cursor)
    start, end = word_around(source, cursor)
    typed = source[start:cursor]
    match place.where:
        case Where.SOURCE:
            return _chosen(start, end, typed, datasets(_let_names(source[:cursor])))
        case Where.STAGE:
            return _chosen(start, end, typed, stages())
        case Where.SEARCH:
            return _search(source, cursor, place, known)
        case Where.EXPRESSION:
            return _expression(source, cursor, place, known)


def value_items(found: Completions, rows: Iterable[Mapping[str, object]]) -> tuple[Item, ...]:
    """Return items for the rows of the answer to `value_query`, in their order; missing values are left out."""
    items: list[Item] = []
    for row in rows:
        value = row.get("value")
        if value is None:
            continue
        label = str(value)
        items.append(Item(label, _written(value, found.style), "value", f"{row.get('count', '')}", ""))
    return tuple(items)


def _written(value: object, style: str) -> str:
    if style == "search":
        return print_filter_value(text(str(value)))
    quoted = print_expression(ast.String(str(value)))
    return quoted[1:-1] if style == "string" else quoted


def _search(source: str, cursor: int, place: Spot, known: Facts) -> Completions:
    found = _catalog(place.sources, known)
    term = place.before[_term_start(place) :]
    parts = _FILTER.match(term)
    if parts is not None:
        return _value(source, cursor, (parts[1], parts[2]), parts[4], found, known)
    start, end = word_around(source, cursor)
    typed = source[start:cursor]
    candidates: list[Item] = []
    if place.first:
        candidates += keywords(("from", "let"))
    candidates += [replace(item, insert=f"{item.insert}:") for item in fields(found, known.projects)]
    candidates += tags(found, known.tags.get(found.dataset.name, ()), colon=True)
    candidates += keywords(("has:", "is:") if found.has_column("issue_id") else ("has:",))
    candidates += keywords((f"{RELEASE_STAGE}:",) if found.has_column("release") else ())
    candidates += keywords((f"{SAVED}:",) if known.saved_filters else ())
    if place.before[: _term_start(place)].strip() and not term.startswith("!"):
        candidates += keywords(("AND", "OR"))
    if place.sources and not place.stage:
        candidates += keywords(("last", "between", "at"))
    if typed:
        candidates += [replace(item, insert=f"{item.insert}:") for item in aggregates()]
    return _chosen(start, end, typed, candidates)


def _term_start(place: Spot) -> int:
    """Return where the term at the cursor starts; quotes and lists that are open belong to it."""
    end = len(place.before) if place.quote is None else place.quote
    opened = place.before.rfind("[", 0, end)
    if opened > place.before.rfind("]", 0, end) and place.before[:opened].endswith((":", "tags")):
        end = opened
    found = _TERM.search(place.before, max(end - LONGEST_WORD, 0), end)
    return found.start() if found else end


def _value(
    source: str, cursor: int, key: tuple[str | None, str | None], written: str, found: Catalog, known: Facts
) -> Completions:
    tag, plain = key
    item = re.split(r"[\[,]\s*", written)[-1] if written.startswith("[") else written
    start = cursor - len(item)
    end = cursor
    rest = re.compile(r"[^\s(),\]]*").match(source, cursor)
    if rest is not None and not item.startswith('"'):
        end = rest.end()
    prefix = item.removeprefix('"')
    lowered = (plain or "").lower()
    if tag is None and lowered == SAVED:
        named = [Item(n, print_filter_value(text(n)), "value", t) for n, t in known.saved_filters.items()]
        return _chosen(start, end, prefix, named)
    if tag is None and lowered == RELEASE_STAGE:
        return _chosen(start, end, prefix, values_of(RELEASE_STAGES))
    if tag is None and lowered == "is":
        return _chosen(start, end, prefix, states())
    if tag is None and lowered == "has":
        names = [*fields(found, known.projects), *tags(found, known.tags.get(found.dataset.name, ()), colon=False)]
        return _chosen(start, end, prefix, names)
    info = _info(found, tag, plain or "")
    if info is None:
        return Completions(start, end)
    if info.virtual == PROJECT:
        return _chosen(start, end, prefix, values_of(known.projects))
    if info.virtual == ASSIGNEE:
        return _people(start, end, prefix, found, info)
    ready = _fixed_values(info)
    if ready is not None:
        return _chosen(start, end, prefix, ready)
    operand: ast.Expr = name(plain or "") if tag is None else ast.Index(ast.Name("tags"), ast.String(tag))
    return _looked_up(Completions(start, end), found, operand, info, prefix)


def _people(start: int, end: int, prefix: str, found: Catalog, info: FieldInfo) -> Completions:
    """Return who is meant by a word, and the text that counts the assignees there are."""
    ready = _chosen(start, end, prefix, values_of(PEOPLE))
    return _looked_up(ready, found, name(info.name), info, prefix)


def _fixed_values(info: FieldInfo) -> tuple[Item, ...] | None:
    """Return what fits a field whose values are not looked up, or None."""
    match info.type.base:
        case Base.BOOLEAN:
            return values_of(("true", "false"))
        case Base.TIME:
            return values_of(("-15m", "-1h", "-24h", "-7d"))
        case Base.INTEGER | Base.FLOAT if info.name != "http.status_code" and not info.virtual:
            return operators((">", ">=", "<", "<="))
        case Base.MAP:
            return ()
        case Base.INTEGER if info.virtual in ISSUE_TEXTS:  # known per issue: no rows can be grouped by it
            return ()
        case _:
            return None


def _looked_up(ready: Completions, found: Catalog, operand: ast.Expr, info: FieldInfo, prefix: str) -> Completions:
    """Return the completions with the texts that look the values of a field up."""
    every = _value_query(found, operand, info, "")
    some = _value_query(found, operand, info, prefix)
    return replace(ready, value_query=some, all_values_query=every, prefix=prefix if some != every else "")


def _value_query(found: Catalog, operand: ast.Expr, info: FieldInfo, prefix: str) -> str:
    """Return the text that counts the values of a field, those that contain `prefix` only."""
    stages_: list[ast.Stage] = []
    if prefix and not info.virtual and info.type.base is Base.STRING:
        stages_.append(ast.Where(ast.Binary("contains", operand, ast.String(prefix))))
    elif info.type.base is Base.STRING and not info.virtual:
        stages_.append(ast.Where(equals(operand, info.type, None, negated=True)))
    stages_ += [
        ast.Summarize((ast.Named("count", ast.Call("count")),), (ast.Named("value", operand),)),
        ast.Sort((ast.SortKey(ast.Name("count"), descending=True),)),
        ast.Limit(MAX_ITEMS),
    ]
    source = ast.Source((ast.Name(found.dataset.name),))
    return print_query(ast.Query((), ast.Pipeline(source, None, tuple(stages_))))


def _expression(source: str, cursor: int, place: Spot, known: Facts) -> Completions:
    found = _catalog(place.sources, known)
    if place.quote is not None:
        return _string(source, cursor, place, found, known)
    start, end = word_around(source, cursor)
    typed = source[start:cursor]
    before = place.before[: len(place.before) - len(typed)]
    last = _LAST_WORD.search(before.rstrip()[-LONGEST_WORD:])
    word = last[1].lower() if last and not _PERCENT.search(before) else ""
    ready = _choices(source, place, before, word)
    if ready is not None:
        return _chosen(start, end, typed, ready)
    compared = _COMPARED.search(before)
    if compared is not None and not _names_column(place, before, compared):
        return _compared(start, end, typed, compared, (found, known, place.finished))
    if before.strip() and word not in _OPERAND_SIGNS and word not in _OPERAND_WORDS:
        return _chosen(start, end, typed, _continuations(place, before))
    return _chosen(start, end, typed, _operands(place, before, (found, known)))


def _choices(source: str, place: Spot, before: str, word: str) -> list[Item] | None:
    """Return what may stand behind a word of the stage when the table knows, or None."""
    info = STAGE_TABLE.get(place.stage)
    if info is None or before.count("(") > before.count(")") or (before.strip() and not word):
        return None
    key = START if not before.strip() else word
    if key not in info.choices:
        return None if info.expects or key != START else []
    bound = datasets(_let_names(source)) if place.stage in {"join", "union"} else []
    return [*choices(info.choices[key]), *bound]


def _names_column(place: Spot, before: str, compared: re.Match[str]) -> bool:
    """Whether `name =` gives a new column its name instead of comparing one."""
    if place.stage not in _NAMING or not compared[0].rstrip().endswith("="):
        return False
    left = before[: compared.start()].rstrip()
    return not left or left.endswith(",") or left.lower().endswith(" by")


def _continuations(place: Spot, before: str) -> list[Item]:
    """Return what may follow a finished value: words of the stage, operators."""
    info = STAGE_TABLE.get(place.stage)
    grouped = _BY.search(before) is not None
    said = set(before.lower().split())
    words = [w for w in (info.words if info else ()) if (w != "by" or not grouped) and w not in said - _REPEATED]
    if info is not None and info.expects != "value":
        return clauses(words)
    return [*clauses(words), *keywords(("and", "or", "in", "contains")), *operators(("=", "!=", ">", ">=", "<", "<="))]


def _operands(place: Spot, before: str, known: tuple[Catalog, Facts]) -> list[Item]:
    """Return what a value may begin with."""
    found, facts = known
    inside = before.count("(") > before.count(")")
    if place.stage in {"summarize", "make-series"} and not _BY.search(before) and not inside:
        return aggregates()
    made = columns_after(place.finished, facts)
    rows = fields(found, facts.projects) + tags(found, facts.tags.get(found.dataset.name, ()), colon=False)
    columns = rows if made is None else made if made.replaced else [*made.items, *rows]
    named = columns if isinstance(columns, list) else list(columns.items)
    functions = scalars()
    if place.stage in _OVER_GROUPS:
        functions = [*functions, *aggregates()]
    return [*named, *functions]


def _compared(
    start: int, end: int, typed: str, compared: re.Match[str], known: tuple[Catalog, Facts, str]
) -> Completions:
    found, facts, finished = known
    tag = compared[1]
    field_name = compared[2] or compared[3]
    made = columns_after(finished, facts)
    if tag is None and made is not None and (made.replaced or any(i.label == field_name for i in made.items)):
        return Completions(start, end, (), None, "expression")
    info = _info(found, tag, field_name or "")
    if info is None:
        return Completions(start, end)
    if info.virtual == PROJECT:
        return _chosen(start, end, typed, [replace(i, insert=f'"{i.insert}"') for i in values_of(facts.projects)])
    if info.type.base is Base.BOOLEAN:
        return _chosen(start, end, typed, values_of(("true", "false")))
    if info.type.base is not Base.STRING and not info.virtual:
        return _chosen(start, end, typed, scalars())
    operand: ast.Expr = ast.Index(ast.Name("tags"), ast.String(tag)) if tag else name(field_name or "")
    return _looked_up(Completions(start, end, style="expression"), found, operand, info, typed)


def _string(source: str, cursor: int, place: Spot, found: Catalog, known: Facts) -> Completions:
    """Complete inside quotes: keys of tags, names of fields, values of what is compared with."""
    assert place.quote is not None
    before = place.before[: place.quote]
    typed = place.before[place.quote + 1 :]
    start = cursor - len(typed)
    quote = place.before[place.quote]
    closing = source.find(quote, cursor)
    newline = source.find("\n", cursor)
    end = (
        closing if closing >= 0 and (newline < 0 or closing < newline) and "|" not in source[cursor:closing] else cursor
    )
    if _OPEN_TAG.search(before):
        return _chosen(start, end, typed, tags(found, known.tags.get(found.dataset.name, ()), colon=False))
    if _OPEN_FIELD.search(before):
        return _chosen(start, end, typed, fields(found, known.projects))
    compared = _COMPARED.search(before)
    if compared is None:
        return Completions(start, end)
    answer = _compared(start, end, typed, compared, (found, known, place.finished))
    items = tuple(replace(item, insert=item.insert.strip('"')) for item in answer.items if item.kind == "value")
    return replace(answer, items=items, style="string")


def _info(found: Catalog, tag: str | None, key: str) -> FieldInfo | None:
    try:
        return found.tag(tag) if tag is not None else found.lookup(key)
    except NameProblem:
        return None


def _catalog(sources: Sequence[str], known: Facts) -> Catalog:
    dataset = next((s for s in sources if s in DATASETS), DEFAULT_DATASET)
    promoted = known.promoted.get(dataset) or known.promoted.get(catalog(dataset).table.name) or ()
    return catalog(dataset, tuple(promoted))


def _let_names(left: str) -> list[str]:
    return re.findall(r"(?:\A|;)\s*let\s+([A-Za-z_]\w*)\s*=\s*from\b", left)


def _chosen(start: int, end: int, typed: str, candidates: Iterable[Item]) -> Completions:
    """Return the candidates that fit what is typed: those that begin so, then those that contain it."""
    wanted = typed.lower()
    begin: list[Item] = []
    inside: list[Item] = []
    seen: set[tuple[str, str]] = set()
    for item in candidates:
        if (item.label, item.kind) in seen:
            continue
        seen.add((item.label, item.kind))
        label = item.label.lower()
        if label.startswith(wanted):
            begin.append(item)
        elif wanted in label:
            inside.append(item)
    return Completions(start, end, tuple([*begin, *inside][:MAX_ITEMS]))
