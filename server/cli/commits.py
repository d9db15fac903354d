"""`amber commits`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.clock import SystemClock
from engine.commits import CodeMapping
from engine.datadir import DataDirectory
from engine.errors import NotFound, UserError
from engine.metadata import AuditEntry
from ingest.load import LoadPlan, LoadTarget, load_files
from ingest.units import LoadOptions
from server.cli.managed import Managed, listed, managed, said, shown_time
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.commits.registry import CommitRegistry
from server.commits.told import Ref
from server.compose import open_installation, ready_writer
from server.live_load import submit_files
from server.publisher import SnapshotPublisher
from server.runfile import reach_server
from server.settings import Settings
from server.shards import fixed_shards

app = typer.Typer(
    add_completion=False, help="Tell releases their commits, from a git repository.", no_args_is_help=True
)
ProjectOption = Annotated[
    str, typer.Option("--project", "-p", help="Short name or number.", show_default="the only project there is")
]
RepoOption = Annotated[Path, typer.Option("--repo", help="Directory of the repository, with a work tree or bare.")]
ReleaseOption = Annotated[str, typer.Option("--release", help="Name of the release, as events have it.")]


@app.command("sync")
def sync(
    *,
    repo: RepoOption,
    release: ReleaseOption,
    project: ProjectOption = "",
    name: Annotated[str, typer.Option("--name", help="Name of the repository.", show_default="of its directory")] = "",
    head: Annotated[str, typer.Option("--head", help="What the release was built from.")] = "HEAD",
    previous: Annotated[
        str, typer.Option("--previous", help="What the release before was built from.", show_default="as told then")
    ] = "",
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a release's commits from a repository of this machine, and remember where it is.

    The repository is only read, again whenever an issue asks for its suspect commits: whoever runs the server must be
    able to read it. Commits of the last four weeks become rows of `changes`.
    """
    lines: list[tuple[int, Mapping[str, Any]]] = []
    with managed(config, data) as place:
        row = _project(place, project)
        registry = CommitRegistry(
            place.metadata, SystemClock(), lambda number, more: lines.extend((number, line) for line in more)
        )
        entry = AuditEntry(place.principal.name, "commits.sync", f"project:{row.slug}")
        called = name or repo.absolute().name.removesuffix(".git")
        told = registry.sync(row, repo, release, Ref(called, head, previous), entry)
        settings = place.settings
        project_id = row.id
    if lines:
        _store(settings, project_id, [line for _, line in lines])
    facts = {"release": release, "repository": called, "commits": told.commits, "changes": len(lines)}
    said(f"{release} has {told.commits} commits of {called}; {len(lines)} are in `changes`.", facts, as_json=as_json)


@app.command("list")
def list_commits(
    *,
    release: ReleaseOption,
    project: ProjectOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the commits of a release, newest first."""
    with managed(config, data) as place:
        row = _project(place, project)
        found = place.metadata.release_commits(place.metadata.release(row.id, release).id)
        names = {one.id: one.name for one in place.metadata.repositories([row.id])}
    rows = [
        {
            "commit": one.commit.sha,
            "at": shown_time(one.commit.at),
            "author": one.commit.author_email or one.commit.author_name,
            "repository": names.get(one.repository_id, ""),
            "title": one.commit.message.partition("\n")[0][:200],
        }
        for one in found
    ]
    listed(rows, "The release has no commits.", as_json=as_json)


@app.command("repositories")
def list_repositories(
    *, data: DataOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:  # fmt: skip
    """List the repositories whose commits are known, and where they are read."""
    with managed(config, data) as place:
        found = place.metadata.repositories()
    rows = [{"name": one.name, "provider": one.provider, "url": one.url, "directory": one.path} for one in found]
    listed(rows, "No repository is known.", as_json=as_json)


@app.command("forget")
def forget(
    name: Annotated[str, typer.Argument(help="Name of the repository.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Forget a repository with its commits and code mappings; rows of `changes` stay."""
    with managed(config, data) as place:
        found = next((one for one in place.metadata.repositories() if one.name == name), None)
        if found is None:
            raise NotFound(f"There is no repository {name!r}.", code="repository-unknown")
        entry = AuditEntry(place.principal.name, "repository.delete", f"repository:{name}")
        place.metadata.delete_repository(found.id, audit=entry)
    typer.echo(f"{name} is forgotten.")


@app.command("map")
def map_code(
    mappings: Annotated[
        list[str] | None, typer.Argument(metavar="STACK=SOURCE", help="Begin of frames' paths, and what it stands for.")
    ] = None,
    *,
    repository: Annotated[str, typer.Option("--repository", help="Name of the repository.")],
    project: ProjectOption = "",
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace a project's code mappings in a repository: `/srv/app/=src/` says that /srv/app/x.py is src/x.py there."""
    with managed(config, data) as place:
        row = _project(place, project)
        known = {
            one.name: one.id for one in place.metadata.repositories() if one.organisation_id == row.organisation_id
        }
        if repository not in known:
            raise NotFound(f"There is no repository {repository!r}.", code="repository-unknown")
        wanted = [CodeMapping(*_pair(text), known[repository]) for text in mappings or ()]
        others = [
            one
            for one in place.metadata.code_mappings(row.id)
            if one.repository_id != known[repository] and not one.automatic
        ]
        entry = AuditEntry(place.principal.name, "project.code-mappings", f"project:{row.slug}")
        place.metadata.set_code_mappings(row.id, [*wanted, *others], audit=entry)
    said(f"{len(wanted)} code mappings hold.", {"mappings": len(wanted)}, as_json=as_json)


def _pair(text: str) -> tuple[str, str]:
    stack, sign, source = text.partition("=")
    if not sign:
        raise UserError(f"{text!r} is no code mapping.", code="mapping-invalid", hint="Write STACK=SOURCE.")
    return stack, source


def _project(place: Managed, name: str) -> Any:
    if name:
        return place.project(name)
    rows = place.administration.projects(place.principal)
    if len(rows) != 1:
        raise UserError("Say which project with --project.", code="project-missing", hint="See `amber project list`.")
    return rows[0]


def _store(settings: Settings, project_id: int, lines: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of `changes` by the way of `amber load`: beside a running server, or into the directory itself."""
    options = LoadPlan(project_id, LoadOptions("changes", "ndjson"))
    data = DataDirectory.at(settings.data, settings.spool_key)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "commits.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        if reach_server(settings.data) is not None:
            submit_files([file], data, options, fixed_shards(settings.data, None), lambda _: None)
            return
        installation = open_installation(settings)
        try:
            SnapshotPublisher(installation.metadata, installation.data.config_snapshot).publish_if_newer()
            shards = fixed_shards(settings.data, settings.normalisers)
            target = LoadTarget(installation.data, project_id, shards, ready_writer(installation))
            load_files([file], target, plan=options)
        finally:
            installation.close()
