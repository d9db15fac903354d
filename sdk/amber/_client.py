"""The client: asks questions over a transport."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, Unpack

from amber._builder import Query
from amber._editor import Editor
from amber._errors import AmberError
from amber._http import HttpTransport
from amber._ingest import Accepted, ChangeKind, Rows, change_row, ingest
from amber._progress import Display, default_display, run_watched
from amber._rca import RcaAsked, RcaTransport, RootCause, body_of
from amber._result import Result
from amber._saved import SavedTransport, typed_params
from amber._stream import Stream
from amber._transport import QueryRequest, Transport

Moment: TypeAlias = datetime | date | timedelta | str
DEFAULT_URL = "http://127.0.0.1:8700"
_TRANSPORT_GROUP = "amber.transports"


class Client:
    """Asks Amber questions. Use `amber.connect` or `amber.open` to get one; usable as a context manager.

    Args:
        transport: answers the queries.
        progress: True shows a progress bar for long queries, False never, None where somebody looks
            (a terminal or a notebook).
    """

    def __init__(self, transport: Transport, *, progress: bool | None = None) -> None:
        self._transport = transport
        self._progress = progress

    def query(
        self,
        text: Query | str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        project: str | int | Sequence[str | int] | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Result:
        """The answer to a Discover query.

        Args:
            text: the query, for example `from errors | summarize n=count() by error.type`, or one made step by step
                (`amber.errors.last("24h").summarize(n=amber.fn.count())`).
            start: begin of the time range, inclusive: a time, an ISO 8601 text, or a `timedelta` before now.
                A time without zone is UTC. A range in the text wins.
            end: end of the time range, exclusive; as `start`.
            project: slug or id, or several, to look at; all the token may see when left out.
            limit: most rows to return.
            params: values for `$name` in the text.

        Raises:
            QueryError: when the text is refused; it carries code, span and suggestion.
            AuthError: when the token is missing, unknown, or may not see what is asked for.
            ConnectionFailed: when no usable answer came.
            QueryCancelled: when somebody cancelled it.
        """
        return self._run(_request(str(text), "discover", project, limit, params, (start, end)))

    def sql(
        self,
        text: str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        project: str | int | Sequence[str | int] | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Result:
        """The answer to one SQL SELECT over the datasets; scope and time range are added as for `query`.

        Args:
            text: the statement.
            start: as for `query`.
            end: as for `query`.
            project: as for `query`.
            limit: as for `query`.
            params: as for `query`.

        Raises:
            QueryError: as for `query`.
            AuthError: as for `query`.
            ConnectionFailed: as for `query`.
            QueryCancelled: as for `query`.
        """
        return self._run(_request(text, "sql", project, limit, params, (start, end)))

    def saved(
        self,
        name: str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        project: str | int | Sequence[str | int] | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Result:
        """The answer to a saved query, run with one's own rights.

        Args:
            name: what it is called; one's own comes before one that is shared.
            start: as for `query`.
            end: as for `query`.
            project: as for `query`.
            limit: as for `query`.
            params: values of its parameters; a `timedelta` is a duration, `"10kb"` a size.

        Raises:
            AmberError: there is none of this name, or a value is missing or unknown; otherwise as `query`.
        """
        if not isinstance(self._transport, SavedTransport):
            raise AmberError("This transport knows no saved queries.", code="saved-query-unknown")
        found = self._transport.saved(name)
        language: Literal["discover", "sql"] = "sql" if found["language"] == "sql" else "discover"
        values = typed_params(found["parameters"], params or {})
        return self._run(_request(str(found["text"]), language, project, limit, values, (start, end)))

    def stream(
        self,
        text: Query | str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        project: str | int | Sequence[str | int] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Stream:
        """The rows of a Discover query batch by batch, however many they are, in the memory of a batch.

        with client.stream("from spans last 30d") as rows:
            for batch in rows:
                ...

        Args:
            text: the query; only a `limit` of its own limits the rows.
            start: as for `query`.
            end: as for `query`.
            project: as for `query`.
            params: as for `query`.

        Raises:
            AmberError: as `query`, when the context is entered or while batches are taken.
        """
        return Stream(self._transport, _request(str(text), "discover", project, None, params, (start, end)))

    def pages(
        self,
        text: Query | str,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        project: str | int | Sequence[str | int] | None = None,
        limit: int | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Iterator[Result]:
        """The result of a Discover query page by page: raw rows in the order of time, each of them once.

        The first page pins the time range; rows that arrive meanwhile move nothing. Other results are one page.

        Args:
            text: the query.
            start: as for `query`.
            end: as for `query`.
            project: as for `query`.
            limit: most rows of a page.
            params: as for `query`.

        Raises:
            AmberError: as `query`.
        """
        request = _request(str(text), "discover", project, limit, params, (start, end))
        while True:
            page = self._run(request)
            yield page
            if page.next is None:
                return
            request = replace(request, query_id=uuid.uuid4().hex, after=page.next)

    def ingest(self, rows: Rows, dataset: str, *, project: str = "") -> Accepted:
        """Sends rows into a data set; what a row needs says docs/reference/native-ingest.md.

        Args:
            rows: a pandas or Polars frame, an Arrow table, or dictionaries; names are those of fields (`error.type`).
            dataset: `logs`, `spans`, `errors`, `metrics`, `changes`, ...
            project: slug; needed when the token may send to several.

        Raises:
            AmberError: a request was refused; what was sent before it is taken. The token needs `ingest:write`.
        """
        return ingest(self._transport, rows, dataset, project)

    def annotate(
        self, title: str, *, kind: ChangeKind = "other", at: datetime | None = None, project: str = "", **members: Any
    ) -> None:
        """Notes a change, which charts show and root causes are looked for among.

        Args:
            title: the change in one line.
            kind: of the change.
            at: when it took effect; now when left out, a time without zone is UTC.
            project: as for `ingest`.
            members: further fields of `changes`: `service`, `release`, `environment`, `author`, `link`, `after`, ...

        Raises:
            AmberError: it was not taken.
        """
        told = ingest(self._transport, [change_row(title, kind, at, members)], "changes", project)
        if not told.accepted:
            reason = told.errors[0]["reason"] if told.errors else "it was refused"
            raise AmberError(f"The change was not taken: {reason}", code="change-refused")

    def rca(self, issue: str = "", **asked: Unpack[RcaAsked]) -> RootCause:
        """What may have caused something, most probable first.

        client.rca("SHOP-12")
        client.rca(service="cart", signal="latency", range="30m")

        Args:
            issue: short id of an issue; without one `query`, `transaction` or `service` say what is asked about.
            asked: what else is asked, and when it was bad: see `amber.RcaAsked`.

        Raises:
            AmberError: the subject is unknown or missing, or the transport makes no analyses; otherwise as `query`.
        """
        if not isinstance(self._transport, RcaTransport):
            raise AmberError("This transport makes no root-cause analyses.", code="rca-unsupported")
        query, times = str(asked.get("query", "")), (asked.get("start"), asked.get("end"))
        looked = _request(query, "discover", asked.get("project"), None, None, times)
        members = {"issue": issue, **asked, "query": query, "start": looked.start, "end": looked.end}
        return RootCause(self._transport.rca(body_of({**members, "project": [str(one) for one in looked.project]})))

    @property
    def transport(self) -> Transport:
        """What answers the queries."""
        return self._transport

    @property
    def editor(self) -> Editor:
        """Help with writing texts: completion, explanations, diagnostics, formatting, plain English.

        Raises:
            AmberError: the transport gives none.
        """
        return Editor(self._transport)

    def close(self) -> None:
        """Releases the connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, request: QueryRequest) -> Result:
        return Result(run_watched(self._transport, request, self._display()), request.text)

    def _display(self) -> Callable[[], Display | None]:
        return default_display if self._progress is not False else _no_display


def connect(
    url: str | None = None, token: str | None = None, *, timeout_s: float = 600.0, progress: bool | None = None
) -> Client:
    """A client of an Amber server. Nothing is sent before the first query.

    Args:
        url: where the server is; `AMBER_URL`, else `http://127.0.0.1:8700`, when left out.
        token: the token `amber init` printed; `AMBER_TOKEN` when left out.
        timeout_s: seconds without a byte of an answer after which to give up.
        progress: as for `Client`.

    Raises:
        AmberError: when `url` is no http(s) address.
    """
    address = url or os.environ.get("AMBER_URL") or DEFAULT_URL
    secret = token or os.environ.get("AMBER_TOKEN") or None
    return Client(HttpTransport(address, secret, timeout_s=timeout_s), progress=progress)


def open_directory(directory: str | os.PathLike[str], *, progress: bool | None = None) -> Client:
    """A client of a data directory, without a server of one's own.

    Args:
        directory: the data directory of `amber init`.
        progress: as for `Client`.

    Raises:
        AmberError: when the directory is missing, in use or too new, or when the part of Amber that
            reads directories is not installed.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - 20 ms that `connect` does not need

    path = Path(directory).expanduser()
    found = next(iter(entry_points(group=_TRANSPORT_GROUP, name="embedded")), None)
    if found is None:
        raise AmberError(
            "Opening a directory needs the whole of Amber, and only its client is installed.",
            code="embedded-missing",
            suggestion="pip install amber-observability, or use amber.connect(URL).",
        )
    transport: Transport = found.load()(str(path))
    return Client(transport, progress=progress)


def _no_display() -> None:
    return None


def _request(
    text: str,
    language: Literal["discover", "sql"],
    project: str | int | Sequence[str | int] | None,
    limit: int | None,
    params: Mapping[str, Any] | None,
    time_range: tuple[Moment | None, Moment | None],
) -> QueryRequest:
    now = datetime.now(UTC)
    if project is None:
        projects: tuple[str | int, ...] = ()
    else:
        projects = (project,) if isinstance(project, str | int) else tuple(project)
    return QueryRequest(
        text=text,
        query_id=uuid.uuid4().hex,
        language=language,
        start=_moment(time_range[0], now, "start"),
        end=_moment(time_range[1], now, "end"),
        limit=limit,
        project=projects,
        params=dict(params or {}),
    )


def _moment(value: Moment | None, now: datetime, name: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        moment = value
    elif isinstance(value, timedelta):
        moment = now - abs(value)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise AmberError(
                f"{name}={value!r} is no time.",
                code="bad-time",
                suggestion="Write 2026-01-31T12:00:00Z, or give a datetime or a timedelta before now.",
            ) from error
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
