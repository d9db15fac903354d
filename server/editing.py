"""What helps to write a text, as documents: the same over HTTP, at the terminal and in notebooks.

`queries.editor` does the work and reads no store; here it gets what a principal may know: projects, saved filters and
values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import UserError
from iam import Principal
from queries.editor import Facts, Severity, check, complete, complete_sql, format_text, hover, value_items
from queries.english import read_query
from queries.parser import parse
from queries.plan import PlanContext
from server.http.known_values import KnownValues
from server.query_service import QueryService, Question

NAMES = "saved:"
"""A text whose context knows the projects and the saved filters, and has looked nothing else up."""


def checked(text: str, context: PlanContext) -> dict[str, Any]:
    """Return what is wrong or odd in a text, and what it says in plain English when nothing is wrong."""
    found = check(text, context)
    wrong = any(item.severity is Severity.ERROR for item in found)
    english = None if wrong else read_query(parse(text))
    return {"diagnostics": [item.as_dict() for item in found], "english": english}


def explained(text: str, cursor: int, context: PlanContext) -> dict[str, Any]:
    """Return what the field, function, stage or word at a place of a text is."""
    found = hover(text, cursor, facts_of(context))
    return {"hover": None if found is None else found.as_dict()}


def formatted(text: str) -> dict[str, Any]:
    """Return a text in its canonical form, one stage a line when it is long."""
    return {"query": format_text(text)}


def facts_of(context: PlanContext, tags: Mapping[str, tuple[str, ...]] | None = None) -> Facts:
    """Return what an editor is told of the request: projects, tags by data set, saved filters."""
    return Facts(tuple(context.projects.values()), tags or {}, saved_filters=context.saved_filters)


class Editing:
    """Answers what an editor asks over a directory of this process; documents as those of `/api/v1/query/…`.

    Args:
        service: asks for values, and says who may know what.
    """

    def __init__(self, service: QueryService) -> None:
        self._service = service
        self._known = KnownValues(service)

    def answer(self, verb: str, body: Mapping[str, Any], who: Principal) -> dict[str, Any]:
        """Return the document of a verb: complete, hover, check or format.

        Raises:
            UserError: there is no such verb, or the text to be formatted cannot be read.
        """
        text, cursor = str(body["query"]), int(body.get("cursor", 0))
        match verb:
            case "complete":
                return self._completed(text, cursor, str(body.get("language", "discover")), who)
            case "hover":
                return explained(text, cursor, self._service.context(Question(text=NAMES), who))
            case "check":
                return checked(text, self._service.context(Question(text=text), who))
            case "format":
                return formatted(text)
            case _:
                raise UserError(f"There is no help called {verb!r}.", code="parameter-invalid")

    def _completed(self, text: str, cursor: int, language: str, who: Principal) -> dict[str, Any]:
        asked = Question(text=NAMES)
        context = self._service.context(asked, who)
        found = (complete_sql if language == "sql" else complete)(text, cursor, facts_of(context))
        items = [item.as_dict() for item in found.items]
        rows = self._known.of(found, asked, who, tuple(sorted(context.projects)))
        values = value_items(found, rows)
        items += [{**item.as_dict(), "count": row["count"]} for item, row in zip(values, rows, strict=True)]
        return {"from": found.from_, "to": found.to, "items": items}
