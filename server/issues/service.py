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
from server.issues.items import Numbers, item_of, trend_step_ms, trends_of
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
        text = texts.list_text(search, wanted.sort, after=wanted.after is not None, limit=wanted.limit + 1)
        result = look.ask(self._queries, text, _after_params(wanted))
        found = rows(result)
        shown, elapsed_ms = found[: wanted.limit], result.stats.elapsed_ms
        state = self._metadata.issues((row["project_id"], row["id"]) for row in shown)
        trends, trend_ms = self._trends(look, search, [row["id"] for row in shown])
        more = len(found) > wanted.limit
        total, total_ms = self._total(look, search, wanted, None if more or wanted.after else len(shown))
        return IssuePage(
            items=self._items(shown, state, trends),
            after=_last_key(shown[-1], wanted.sort) if more else None,
            meta={
                "start": rfc3339(look.start),
                "end": rfc3339(look.end),
                "trend_step_s": trend_step_ms(look.start, look.end) / 1000,
                "total": total,
                "elapsed_ms": round(elapsed_ms + trend_ms + total_ms, 3),
                "query": texts.list_text(search, wanted.sort, after=False, limit=wanted.limit),
            },
        )

    def matching(self, look: Look, search: str, most: int) -> list[tuple[int, int]]:
        """Return (project id, issue id) of the issues a search finds, at most `most` + 1 of them."""
        text = texts.list_text(texts.search_of(search), "last_seen", after=False, limit=most + 1)
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
        facts = rows(look.ask(self._queries, texts.facts_text(), {"issue": row.short_id}))[0]
        trends, _ = self._trends(look, None, [row.issue_id]) if facts["events"] else ({}, 0.0)
        numbers = Numbers(facts["events"], facts["users"], facts["first"], facts["last"])
        if row.issue_id in trends:
            numbers = replace(numbers, trend=trends[row.issue_id])
        return item_of(row, slug, numbers)

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
        found: list[dict[str, Any]],
        state: dict[tuple[int, int], IssueRow],
        trends: dict[int, tuple[int, ...]],
    ) -> list[dict[str, Any]]:
        slugs = {row.id: row.slug for row in self._metadata.projects()}
        items = []
        for row in found:
            issue = state.get((row["project_id"], row["id"]))
            if issue is None:  # its first event was stored a moment ago, its number comes with the writer's next step
                continue
            numbers = Numbers(row["events"], row["users"], row["first"], row["last"])
            if row["id"] in trends:
                numbers = replace(numbers, trend=trends[row["id"]])
            items.append(item_of(issue, slugs.get(row["project_id"], ""), numbers))
        return items

    def _trends(
        self, look: Look, search: ast.Search | None, issue_ids: list[int]
    ) -> tuple[dict[int, tuple[int, ...]], float]:
        if not issue_ids:
            return {}, 0.0
        step_ms = trend_step_ms(look.start, look.end)
        result = look.ask(self._queries, texts.trend_text(search, issue_ids, step_ms), {"start": look.start})
        return trends_of(rows(result), step_ms), result.stats.elapsed_ms

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


def _after_params(wanted: ListRequest) -> dict[str, Any]:
    if wanted.after is None:
        return {}
    key, seen, tie = wanted.after
    params: dict[str, Any] = {"key": key, "tie": tie}
    return {**params, "seen": seen} if wanted.sort == "priority" else params


def _last_key(row: dict[str, Any], sort: str) -> AfterKey:
    return row[texts.SORTS[sort]], row["last"], row["tie"]
