"""The Discover texts of the issue service. Values stand as parameters, or are numbers we made ourselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.errors import UserError
from queries import ast
from queries.errors import QueryError
from queries.parser import parse
from queries.plan.searches import holds_aggregate
from queries.printer import print_query

TREND_BUCKETS = 24

DEFAULT_SEARCH = "is:unresolved"
SORTS = {
    "last_seen": "last",
    "first_seen": "first",
    "events": "events",
    "users": "users",
    "priority": "rank",
    "trend": "rise",
}
"""Order of an issue list -> column of `order_text`; all descending."""

_NUMBERS = {
    "events": "count()",
    "users": "count_unique(user)",
    "first": "first_seen()",
    "last": "last_seen()",
}
_COLUMNS = ", ".join(f"{name}={call}" for name, call in _NUMBERS.items())
_RISE = "late=count_if(timestamp >= $half), n=count()"
"""What `rise` is made of: events of the second half of the range, and of both; it is how many more the second has."""
_RANK = 'extend rank = issue.priority = "high" ? 3 : issue.priority = "medium" ? 2 : 1'
MAX_FINGERPRINTS = 200
"""More of them are no longer a short list to look rows up by."""

EVENT_COLUMNS = "id, timestamp, title, release, environment, user, trace"


def search_of(text: str) -> ast.Search | None:
    """Return the tree of a search, None when it is empty.

    Raises:
        QueryError: it is no text of the language, or more than a search.
    """
    query = parse(text)
    if query.lets or query.pipeline.source is not None or query.pipeline.stages:
        raise QueryError(
            "A list of issues takes a search, without a source and stages.",
            span=query.span,
            suggestion="Write filters such as is:unresolved level:error; ask the rest in Discover.",
            code="search-only",
        )
    found = query.pipeline.search
    return None if found is None or found.root is None else found


def from_errors(search: ast.Search | None) -> str:
    """Return the text of the errors a search keeps, to which stages can be added."""
    source = ast.Source((ast.Name("errors"),))
    return print_query(ast.Query((), ast.Pipeline(source, search)))


def rows_only(search: ast.Search | None) -> ast.Search | None:
    """Return a search for the rows of issues it has found: without filters on groups (`count():>10`) and on states.

    The first mean another thing in other groups, the second hold for all of an issue's rows or for none.
    """
    if search is None or search.root is None:
        return None
    terms = search.root.terms if isinstance(search.root, ast.And) else (search.root,)
    kept = tuple(term for term in terms if not isinstance(term, ast.Is) and not _has_aggregate(term))
    if not kept:
        return None
    return replace(search, root=kept[0] if len(kept) == 1 else ast.And(kept))


def _has_aggregate(node: ast.SearchNode) -> bool:
    if isinstance(node, ast.And | ast.Or):
        return any(_has_aggregate(term) for term in node.terms)
    return holds_aggregate(node)


def list_text(search: ast.Search | None, sort: str, limit: int) -> str:
    """Return the text of a list of issues with all its numbers, for people to go on from.

    The order by trend depends on the middle of a range, which the text does not know: people get that by events.
    """
    return _listed(search, "events" if sort == "trend" else sort, _COLUMNS, after=False, limit=limit)


def order_text(search: ast.Search | None, sort: str, *, after: bool, limit: int) -> str:
    """Return the text of which issues a page has, in order, with the number they are ordered by and no other.

    Users and first and last seen of ten thousand issues cost more than the whole page; `numbers_text` asks them for
    those that are shown. With `after` it wants the parameters `key` (and `seen`) and `tie`, by trend also `half`, the
    middle of the range.
    """
    if sort == "trend":
        return _listed(search, sort, _RISE, after=after, limit=limit)
    needed = {SORTS[sort], "last"} - {"rank"} if sort == "priority" else {SORTS[sort]}
    columns = ", ".join(f"{name}={_NUMBERS[name]}" for name in sorted(needed))
    return _listed(search, sort, columns, after=after, limit=limit)


def _listed(search: ast.Search | None, sort: str, columns: str, *, after: bool, limit: int) -> str:
    column = SORTS[sort]
    by_priority = sort == "priority"
    keys = "id=issue.id, project_id" + (", issue.priority" if by_priority else "")
    stages = [from_errors(search), f"summarize {columns} by {keys}", "extend tie = tostring(id)"]
    if by_priority:
        stages.append(_RANK)
    if sort == "trend":
        stages.append("extend rise = 2 * late - n")
    if after:
        stages.append(f"where {_behind(column, by_priority=by_priority)}")
    order = [column, *(["last"] if by_priority else []), "tie"]
    stages.append("sort " + ", ".join(f"{name} desc" for name in order))
    return " | ".join([*stages, f"limit {limit}"])


def _behind(column: str, *, by_priority: bool) -> str:
    if not by_priority:
        return f"{column} < $key or ({column} = $key and tie < $tie)"
    return f"{column} < $key or ({column} = $key and (last < $seen or (last = $seen and tie < $tie)))"


def count_text(search: ast.Search | None) -> str:
    """Return the text that counts the issues of a search."""
    return f"{from_errors(search)} | summarize n=count() by id=issue.id | summarize issues=count()"


@dataclass(frozen=True, slots=True)
class Shown:
    """The issues of a page.

    Attributes:
        issues: their numbers.
        fingerprints: every fingerprint their events can have, which the store finds faster than issues; empty when
            there are too many of them to help.
    """

    issues: tuple[int, ...]
    fingerprints: frozenset[int] = frozenset()


def numbers_text(search: ast.Search | None, shown: Shown, step_ms: int) -> str:
    """Return the text of the numbers of some issues with their trends in steps from the parameter `start` on.

    One look at the rows gives everything, where groups of issue and step would need a second one for the users.
    """
    trend = f"trend=timeline(timestamp, $start, {int(step_ms)}ms, {TREND_BUCKETS})"
    return f"{_rows_of(search, shown)} | summarize {_COLUMNS}, {trend} by id=issue.id, project_id"


def _rows_of(search: ast.Search | None, shown: Shown) -> str:
    """Return the text of the errors a search keeps of some issues, and of those merged away that began as they did."""
    known = 0 < len(shown.fingerprints) <= MAX_FINGERPRINTS
    name, numbers = ("fingerprint", sorted(shown.fingerprints)) if known else ("issue.id", list(shown.issues))
    listed = ast.NumberList(tuple(ast.Number(number) for number in numbers))
    theirs = ast.Filter(ast.Key(name), ast.Op.EQ, listed)
    rows = rows_only(search)
    root = theirs if rows is None or rows.root is None else ast.And((theirs, rows.root))
    return from_errors(ast.Search(root))


def counts_text(arrived: Sequence[Sequence[int]] = ()) -> str:
    """Return the text of the number of events and users of one issue, the parameter `issue`, by number.

    Args:
        arrived: sets of fingerprints whose events count from the parameters `arrived0`, `arrived1` ... on.
    """
    late = "".join(
        f" and (timestamp >= $arrived{place} or not (fingerprint in [{', '.join(str(int(one)) for one in some)}]))"
        for place, some in enumerate(arrived)
    )
    return f"from errors | where issue.id = $issue{late} | summarize events=count(), users=count_unique(user)"


def seen_text() -> str:
    """Return the text of the issues that have events."""
    return "from errors | summarize n=count() by id=issue.id, project_id"


def users_text() -> str:
    """Return the text of how many users each issue has."""
    return "from errors | summarize users=count_unique(user) by id=issue.id, project_id"


def busy_text() -> str:
    """Return the text of the issues with `least` events or more in an hour."""
    return "from errors | summarize n=count() by id=issue.id, project_id, hour=bin(timestamp, 1h) | where n >= $least"


def hours_text(issues: Sequence[int]) -> str:
    """Return the text of the events of some issues, by number, in each hour."""
    listed = ast.NumberList(tuple(ast.Number(number) for number in issues))
    theirs = ast.Search(ast.Filter(ast.Key("issue.id"), ast.Op.EQ, listed))
    return f"{from_errors(theirs)} | summarize n=count() by id=issue.id, project_id, hour=bin(timestamp, 1h)"


def events_text(search: ast.Search | None, *, after: bool, limit: int) -> str:
    """Return the text of a page of events of the issue `issue`; with `after` behind (`at`, `id`)."""
    behind = " and (timestamp < $at or (timestamp = $at and id < $id))" if after else ""
    return (
        f"{from_errors(search)} | where issue = $issue{behind} | sort timestamp desc, id desc"
        f" | project {EVENT_COLUMNS} | limit {limit}"
    )


_EVENT = (
    "id, timestamp, project_id, title, message, level, platform, environment, release, user, user.id, user.email, "
    "user.username, user.ip, tags, remarks, trace, trace.span, transaction, culprit, payload, issue=issue.id"
)


def event_text(which: str, columns: str = _EVENT) -> str:
    """Return the text of one event of the issue `issue`: `latest`, `oldest`, or the one with the id `id`."""
    if which in {"latest", "oldest"}:
        order = "desc" if which == "latest" else "asc"
        chosen = f"where issue = $issue | sort timestamp {order}, id {order}"
    else:
        chosen = "where issue = $issue and id = $id"
    return f"from errors | {chosen} | project {columns} | limit 1"


def newest_text(count: int) -> str:
    """Return the text of the newest events of all issues, in the columns of `event_text`."""
    return f"from errors | sort timestamp desc, id desc | project {_EVENT} | limit {int(count)}"


def place_text() -> str:
    """Return the text that says where the event (`at`, `id`) stands among those of its issue."""
    newer = "timestamp > $at or (timestamp = $at and id > $id)"
    return f"from errors | where issue = $issue | summarize count=count(), newer=count_if({newer})"


def neighbour_text(*, older: bool) -> str:
    """Return the text of the event next to (`at`, `id`)."""
    sign, order = ("<", "desc") if older else (">", "asc")
    return (
        f"from errors | where issue = $issue and (timestamp {sign} $at or (timestamp = $at and id {sign} $id))"
        f" | sort timestamp {order}, id {order} | project id | limit 1"
    )


def payload_text() -> str:
    """Return the text of the payload of the event `id`."""
    return "from errors | where id = $id | sort timestamp desc | project payload | limit 1"


def tags_text(top: int) -> str:
    """Return the text of the distributions of the values of the issue `issue`."""
    return f"from errors | where issue = $issue | facets top {top}"


def issue_search(short_id: str) -> str:
    """Return the text of an issue's events, for people to go on from."""
    if not short_id.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise UserError("There is no issue with such a name.", code="issue-unknown")
    return f"from errors issue:{short_id}"
