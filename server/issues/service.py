"""Issues for the API and the pages: lists, one issue, its events and tags.

Facts about events come from Discover texts only, asked for the principal; who works on what comes from the metadata
database. `server.issues.workflow` changes the latter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.errors import NotFound
from engine.metadata import IssueRow, MetadataStore, ProjectRow
from iam import Action, Denied, Principal, decide, project_resource
from ingest.symbols import Symbolicator
from queries import ast
from queries.result import rfc3339
from server.issues import texts
from server.issues.assignees import assignees
from server.issues.events import EventReader
from server.issues.items import Numbers, item_of, numbers_of, trend_step_ms
from server.issues.looking import Look, rows
from server.issues.tags import tags_of
from server.issues.workflow import Workflow
from server.query_service import QueryService

AfterKey = tuple[int | datetime, datetime, str]


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A page of issues that is wanted.

    Attributes:
        search: a Discover search.
        sort: a name of `texts.SORTS`.
        limit: most items.
        after: sort key, last seen and tie-breaker of the last item of the page before; None for the first page.
        total: whether to count all issues the search finds.
    """

    search: str = texts.DEFAULT_SEARCH
    sort: str = "last_seen"
    limit: int = 25
    after: AfterKey | None = None
    total: bool = False


@dataclass(frozen=True, slots=True)
class IssuePage:
    """A page of issues.

    Attributes:
        items: their documents.
        after: what `ListRequest.after` is for the next page; None when this is the last.
        meta: the document's `meta`.
    """

    items: list[dict[str, Any]]
    after: AfterKey | None
    meta: dict[str, Any]


class IssueService:
    """Reads and changes issues on behalf of principals.

    Args:
        queries: asks the store.
        metadata: the truth about workflow state.
        workflow: changes it.
        symbols: resolves minified frames of events; None to leave them.
    """

    def __init__(
        self,
        queries: QueryService,
        metadata: MetadataStore,
        workflow: Workflow,
        symbols: Symbolicator | None = None,
    ) -> None:
        self._queries = queries
        self._metadata = metadata
        self.events = EventReader(queries, symbols)
        self.workflow = workflow

    def page(self, look: Look, wanted: ListRequest) -> IssuePage:
        """Return a page of issues, at most `wanted.limit`.

        Raises:
            QueryError: the search cannot be run; its span counts in the search.
        """
        search = texts.search_of(wanted.search)
        text = texts.order_text(search, wanted.sort, after=wanted.after is not None, limit=wanted.limit + 1)
        result = look.ask(self._queries, text, _order_params(look, wanted))
        found = rows(result)
        listed, elapsed_ms = found[: wanted.limit], result.stats.elapsed_ms
        keys = [(row["project_id"], row["id"]) for row in listed]
        state = self._metadata.issues(keys)
        numbers, numbers_ms = self._numbers(look, search, keys)
        more = len(found) > wanted.limit
        total, total_ms = self._total(look, search, wanted, None if more or wanted.after else len(listed))
        return IssuePage(
            items=self._items(listed, state, numbers),
            after=_last_key(listed[-1], wanted.sort, look) if more else None,
            meta={
                "start": rfc3339(look.start),
                "end": rfc3339(look.end),
                "trend_step_s": trend_step_ms(look.start, look.end) / 1000,
                "total": total,
                "elapsed_ms": round(elapsed_ms + numbers_ms + total_ms, 3),
                "query": texts.list_text(search, wanted.sort, wanted.limit),
            },
        )

    def matching(self, look: Look, search: str, most: int) -> list[tuple[int, int]]:
        """Return (project id, issue id) of the issues a search finds, at most `most` + 1 of them."""
        text = texts.order_text(texts.search_of(search), "last_seen", after=False, limit=most + 1)
        return [(row["project_id"], row["id"]) for row in rows(look.ask(self._queries, text))]

    def find(self, principal: Principal, short_id: str, action: Action = Action.ISSUE_READ) -> tuple[IssueRow, str]:
        """Return an issue by what people call it, and its project's slug.

        Raises:
            NotFound: there is none, or it may not be seen.
            Denied: it may be seen, but `action` is not allowed.
        """
        row = self._metadata.issue_by_short_id(short_id)
        project = None if row is None else self._project(row.project_id)
        if row is None or project is None or not _sees(principal, project):
            raise NotFound(f"There is no issue called {short_id[:100]!r}.", code="issue-unknown")
        verdict = decide(principal, action, project_resource(project))
        if not verdict:
            raise Denied(verdict.why)
        return row, project.slug

    def item(self, look: Look, row: IssueRow, slug: str) -> dict[str, Any]:
        """Return the document of one issue with its numbers in the range; no error when it has no event there."""
        look = replace(look, projects=(row.project_id,))
        numbers, _ = self._numbers(look, None, [(row.project_id, row.issue_id)])
        return item_of(row, slug, numbers.get(row.issue_id, Numbers()))

    def detail(self, look: Look, row: IssueRow, slug: str) -> dict[str, Any]:
        """Return the document of the page of one issue."""
        search = texts.issue_search(row.short_id)
        return {
            **self.item(look, row, slug),
            "events_query": search,
            "tags_query": f"{search} | facets top 10",
            "activity": self.workflow.activity(row),
            "possible_assignees": assignees(self._metadata, look.principal),
        }

    def tags(self, look: Look, row: IssueRow, top: int) -> dict[str, Any]:
        """Return the distributions of the values of an issue's events."""
        look = replace(look, projects=(row.project_id,))
        return {"tags": tags_of(rows(look.ask(self._queries, texts.tags_text(top), {"issue": row.short_id})))}

    def _project(self, number: int) -> ProjectRow | None:
        return next((row for row in self._metadata.projects() if row.id == number), None)

    def _items(
        self,
        listed: list[dict[str, Any]],
        state: dict[tuple[int, int], IssueRow],
        numbers: dict[int, Numbers],
    ) -> list[dict[str, Any]]:
        slugs = {row.id: row.slug for row in self._metadata.projects()}
        items = []
        for row in listed:
            issue = state.get((row["project_id"], row["id"]))
            if issue is None:  # its first event was stored a moment ago, its number comes with the writer's next step
                continue
            # What the list is ordered by stays as it was when it was ordered.
            ordered = {name: row[name] for name in ("events", "users", "first", "last") if name in row}
            shown = replace(numbers.get(row["id"], Numbers()), **ordered)
            items.append(item_of(issue, slugs.get(row["project_id"], ""), shown))
        return items

    def _numbers(
        self, look: Look, search: ast.Search | None, keys: list[tuple[int, int]]
    ) -> tuple[dict[int, Numbers], float]:
        """Return the numbers of issues by (project id, issue id), by issue id, and how long it took."""
        if not keys:
            return {}, 0.0
        fingerprints = frozenset(self._metadata.issue_fingerprints(keys))
        shown = texts.Shown(tuple(issue for _, issue in keys), fingerprints)
        text = texts.numbers_text(search, shown, trend_step_ms(look.start, look.end))
        result = look.ask(self._queries, text, {"start": look.start})
        return {row["id"]: numbers_of(row) for row in rows(result)}, result.stats.elapsed_ms

    def _total(
        self, look: Look, search: ast.Search | None, wanted: ListRequest, known: int | None
    ) -> tuple[int | None, float]:
        if known is not None or not wanted.total:
            return known, 0.0
        result = look.ask(self._queries, texts.count_text(search))
        return rows(result)[0]["issues"], result.stats.elapsed_ms


def _sees(principal: Principal, project: ProjectRow) -> bool:
    who = replace(principal, scopes=None)
    return decide(who, Action.PROJECT_READ, project_resource(project)).allowed


def _order_params(look: Look, wanted: ListRequest) -> dict[str, Any]:
    half = {"half": look.start + (look.end - look.start) / 2} if wanted.sort == "trend" else {}
    return {**half, **_after_params(wanted)}


def _after_params(wanted: ListRequest) -> dict[str, Any]:
    if wanted.after is None:
        return {}
    key, seen, tie = wanted.after
    params: dict[str, Any] = {"key": key, "tie": tie}
    return {**params, "seen": seen} if wanted.sort == "priority" else params


def _last_key(row: dict[str, Any], sort: str, look: Look) -> AfterKey:
    # Only an order by priority looks at the second: it alone has many equal keys.
    return row[texts.SORTS[sort]], row.get("last", look.end), row["tie"]
