"""`amber monitors`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol
from urllib.parse import quote, urlencode

import typer

from engine.errors import UserError
from engine.monitors import EVERYWHERE
from server.api_client import ApiClient
from server.cli.beside import served_or_opened
from server.cli.humane import human_value, printable
from server.cli.managed import listed
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import TokenOption, UrlOption

if TYPE_CHECKING:
    from server.compose import Installation
    from server.monitors.overview import MonitorOverview

app = typer.Typer(
    add_completion=False,
    help="Monitored jobs: how they stand, their runs, and which make no issues.\n\nThere is nothing to create or "
    "delete: a monitor is there from its first check-in on, and gone 35 days after its last.",
    no_args_is_help=True,
)
Slug = Annotated[str, typer.Argument(metavar="MONITOR", help="Its slug.")]
ProjectOption = Annotated[str, typer.Option("--project", "-p", help="Short name or number.")]
AllProjects = Annotated[
    str, typer.Option("--project", "-p", help="Short name or number.", show_default="all there are")
]
EnvironmentOption = Annotated[
    str, typer.Option("--environment", "-e", help="Only there.", show_default="all environments")
]
_MARKS = {"ok": ".", "error": "E", "missed": "m", "timeout": "T"}


class _Place(Protocol):
    def listed(self, project: str, environment: str) -> Mapping[str, Any]:
        """Return the document of the list."""
        ...

    def detail(self, project: str, slug: str) -> Mapping[str, Any]:
        """Return the document of one monitor."""
        ...

    def mute(self, project: str, slug: str, environment: str, *, muted: bool) -> None:
        """Mute a monitor, or no longer."""
        ...


class _Served:
    """A server."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def listed(self, project: str, environment: str) -> Mapping[str, Any]:
        pairs = [("project", project), ("environment", environment)]
        return self._client.call("GET", f"/api/v1/monitors?{urlencode([one for one in pairs if one[1]])}")

    def detail(self, project: str, slug: str) -> Mapping[str, Any]:
        return self._client.call("GET", f"{self._path(project)}?{urlencode({'monitor': slug})}")

    def mute(self, project: str, slug: str, environment: str, *, muted: bool) -> None:
        body = {"monitor": slug, "environment": environment, "muted": muted}
        self._client.call("PUT", f"{self._path(project)}/mute", body)

    def _path(self, project: str) -> str:
        return f"/api/v1/projects/{quote(project, safe='')}/monitor"


class _Directory:
    """A directory this process has opened; everything is done as its owner."""

    def __init__(self, installation: Installation, overview: MonitorOverview) -> None:
        self._installation = installation
        self._overview = overview

    def listed(self, project: str, environment: str) -> Mapping[str, Any]:
        return self._overview.listed(self._look((project,) if project else (), environment))

    def detail(self, project: str, slug: str) -> Mapping[str, Any]:
        return self._overview.detail(self._look((), ""), self._project(project), slug)

    def mute(self, project: str, slug: str, environment: str, *, muted: bool) -> None:
        # Start-up time: a served directory needs neither the engine nor the compiler.
        from iam import LOCAL  # noqa: PLC0415
        from server.monitors.muting import mute  # noqa: PLC0415

        mute(self._installation.metadata, LOCAL, self._project(project), slug, environment, muted=muted)

    def _look(self, projects: tuple[str, ...], environment: str) -> Any:
        from iam import LOCAL  # noqa: PLC0415
        from server.monitors.overview import look_of  # noqa: PLC0415

        return look_of(LOCAL, projects, (environment,) if environment else (), self._installation.clock.now())

    def _project(self, name: str) -> Any:
        rows = self._installation.metadata.projects()
        row = next((one for one in rows if name in {one.slug, str(one.id)}), None)
        if row is None:
            raise UserError(f"There is no project {name!r}.", code="project-unknown", hint="See `amber project list`.")
        return row


@contextmanager
def _place(data: Path | None, url: str | None, token: str | None, config: Path | None) -> Iterator[_Place]:
    with served_or_opened(data, url, token, config) as there:
        if isinstance(there, ApiClient):
            yield _Served(there)
            return
        from server.monitors.overview import MonitorOverview  # noqa: PLC0415 - start-up time, as above
        from server.query_service import QueryService  # noqa: PLC0415
        from server.runner import make_runner  # noqa: PLC0415

        queries = QueryService(make_runner(there), there.metadata, there.clock, workers=2, queue=2)
        try:
            yield _Directory(there, MonitorOverview(queries, there.metadata, there.clock))
        finally:
            queries.close()


@app.command("list")
def list_monitors(
    *,
    project: AllProjects = "",
    environment: EnvironmentOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the monitors with their last runs, those that fail first."""
    with _place(data, url, token, config) as place:
        found = place.listed(project, environment)
    if as_json:
        typer.echo(json.dumps(found))
        return
    rows = [_row(item, one) for item in found["items"] for one in item["environments"]]
    listed(rows, f"No monitor told anything in the last {found['heard_days']} days.", as_json=False)
    if rows:
        typer.echo("Runs, the newest last: . good, E failed, m missed, T took too long.")


@app.command("show")
def show_monitor(
    slug: Slug,
    *,
    project: ProjectOption,
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one monitor: its schedule, its environments and its newest check-ins."""
    with _place(data, url, token, config) as place:
        found = place.detail(project, slug)
    if as_json:
        typer.echo(json.dumps(found))
        return
    item = found["monitor"]
    typer.echo(f"{printable(item['monitor'])} of {item['project']}: {_schedule(item['schedule'])}")
    listed([_row(item, one) for one in item["environments"]], "", as_json=False)
    listed([_check_in(one) for one in found["check_ins"]], "No check-in is known.", as_json=False)


@app.command("mute")
def mute_monitor(
    slug: Slug,
    *,
    project: ProjectOption,
    environment: EnvironmentOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Make no issues of a monitor; its check-ins are kept."""
    _say(slug, project, environment, (data, url, token, config), muted=True)


@app.command("unmute")
def unmute_monitor(
    slug: Slug,
    *,
    project: ProjectOption,
    environment: EnvironmentOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Make issues of a monitor again: of what comes from now on."""
    _say(slug, project, environment, (data, url, token, config), muted=False)


_Where = tuple[Path | None, str | None, str | None, Path | None]


def _say(slug: str, project: str, environment: str, where: _Where, *, muted: bool) -> None:
    with _place(*where) as place:
        known = {one["name"] for one in place.detail(project, slug)["monitor"]["environments"]}
        if environment and environment not in known:
            raise UserError(
                f"{slug} told nothing of an environment {environment!r}.",
                code="environment-unknown",
                hint=f"It has: {', '.join(sorted(name or '(none)' for name in known))}.",
            )
        place.mute(project, slug, environment or EVERYWHERE, muted=muted)
    place_name = environment or "all environments"
    typer.echo(f"{printable(slug)} is {'muted' if muted else 'no longer muted'} in {place_name}.")


def _row(item: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "monitor": printable(item["monitor"]),
        "project": item["project"],
        "environment": printable(one["name"]),
        "state": f"{one['state']}, muted" if one["muted"] else one["state"],
        "runs": "".join(_MARKS[end["status"]] for end in one["strip"]),
        "last": one["last"],
        "next": one["next"],
        "schedule": printable((item["schedule"] or {}).get("text", "")),
    }


def _schedule(schedule: Mapping[str, Any] | None) -> str:
    if schedule is None:
        return "no schedule was told, so missed runs are not noticed"
    if schedule["problem"]:
        return f"{printable(schedule['text'])} cannot be read: {printable(schedule['problem'])}"
    words = printable(schedule["words"] or schedule["text"])
    return f"{words} ({schedule['timezone']}), {schedule['margin_minutes']} min late at most"


def _check_in(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time": one["at"],
        "environment": printable(one["environment"]),
        "status": one["status"],
        "took": human_value(one["duration_ms"], "ms"),
        "release": printable(one["release"]),
        "run": one["id"],
    }
