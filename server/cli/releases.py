"""`amber releases`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import quote, urlencode

import typer

from engine.errors import UserError
from server.api_client import ApiClient
from server.cli.beside import served_or_opened
from server.cli.humane import printable
from server.cli.issue_places import length_of
from server.cli.managed import listed
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import TokenOption, UrlOption

app = typer.Typer(
    add_completion=False, help="Releases: health, adoption, issues and commits of each.", no_args_is_help=True
)
RangeOption = Annotated[str, typer.Option("--range", help="How far back, such as 24h or 14d.")]
ProjectOption = Annotated[
    str, typer.Option("--project", "-p", help="Short name or number.", show_default="all there are")
]
_SHOWN = 10


class _Place(Protocol):
    def listed(self, project: str, range_: str, limit: int) -> Mapping[str, Any]:
        """Return the document of the list."""
        ...

    def detail(self, project: str, version: str, compare: str, range_: str) -> Mapping[str, Any]:
        """Return the document of one release."""
        ...


class _Served:
    """A server."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def listed(self, project: str, range_: str, limit: int) -> Mapping[str, Any]:
        given = {"range": range_, "limit": str(limit), **({"project": project} if project else {})}
        return self._client.call("GET", f"/api/v1/releases?{urlencode(given)}")

    def detail(self, project: str, version: str, compare: str, range_: str) -> Mapping[str, Any]:
        given = {"range": range_, "release": version, **({"compare": compare} if compare else {})}
        return self._client.call("GET", f"/api/v1/projects/{quote(project, safe='')}/release?{urlencode(given)}")


class _Directory:
    """A directory this process has opened; everything is done as its owner."""

    def __init__(self, installation: Any, overview: Any) -> None:
        self._installation = installation
        self._overview = overview

    def listed(self, project: str, range_: str, limit: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._overview.listed(self._look(range_, (project,) if project else ()), limit)
        return found

    def detail(self, project: str, version: str, compare: str, range_: str) -> Mapping[str, Any]:
        rows = self._installation.metadata.projects()
        row = next((one for one in rows if project in {one.slug, str(one.id)}), None)
        if row is None:
            raise UserError(
                f"There is no project {project!r}.", code="project-unknown", hint="See `amber project list`."
            )
        found: Mapping[str, Any] = self._overview.detail(self._look(range_, ()), row, version, compare or None)
        return found

    def _look(self, range_: str, projects: tuple[str, ...]) -> Any:
        # Start-up time: a served directory needs neither the engine nor the compiler.
        from iam import LOCAL  # noqa: PLC0415
        from server.issues.looking import Look  # noqa: PLC0415

        now = self._installation.clock.now()
        return Look(LOCAL, projects, (), now - length_of(range_), now + timedelta(minutes=1))


@contextmanager
def _place(data: Path | None, url: str | None, token: str | None, config: Path | None) -> Iterator[_Place]:
    with served_or_opened(data, url, token, config) as there:
        if isinstance(there, ApiClient):
            yield _Served(there)
            return
        # Start-up time, as above.
        from server.query_service import QueryService  # noqa: PLC0415
        from server.releases.overview import ReleaseOverview  # noqa: PLC0415
        from server.runner import make_runner  # noqa: PLC0415

        queries = QueryService(make_runner(there), there.metadata, there.clock, workers=2, queue=2)
        try:
            yield _Directory(there, ReleaseOverview(queries, there.metadata))
        finally:
            queries.close()


@app.command("list")
def list_releases(
    *,
    project: ProjectOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    range_: RangeOption = "14d",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="Most releases.")] = 25,
    as_json: JsonOption = False,
) -> None:
    """List the newest releases with their health."""
    with _place(data, url, token, config) as place:
        found = place.listed(project, range_, limit)
    if as_json:
        typer.echo(json.dumps(found))
        return
    listed([_row(item) for item in found["items"]], "No release is known.", as_json=False)


@app.command("show")
def show_release(
    version: Annotated[str, typer.Argument(metavar="RELEASE", help="Its name, as events have it.")],
    *,
    project: Annotated[str, typer.Option("--project", "-p", help="Short name or number.")],
    compare: Annotated[str, typer.Option("--compare", help="Another release.", show_default="the one before")] = "",
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    range_: RangeOption = "14d",
    as_json: JsonOption = False,
) -> None:
    """Show one release beside the one before: health, and its new, regressed and resolved issues."""
    with _place(data, url, token, config) as place:
        found = place.detail(project, version, compare, range_)
    if as_json:
        typer.echo(json.dumps(found))
        return
    listed([_row(item) for item in (found["release"], found["compared"]) if item], "", as_json=False)
    for kind in ("new", "regressed", "resolved"):
        typer.echo(f"{kind}: {len(found[kind])}")
        for issue in found[kind][:_SHOWN]:
            typer.echo(f"  {issue['id']}  {printable(issue['title'])}  ({issue['events']} events)")


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "release": printable(item["version"]),
        "project": item["project"],
        "began": item["began"],
        "adoption": _percent(item["adoption"]),
        "crash-free sessions": _percent(item["crash_free_sessions"]),
        "crash-free users": _percent(item["crash_free_users"]),
        "errors": item["errors"],
        "new issues": item["new_issues"],
        "commits": item["commits"],
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.2f} %"
