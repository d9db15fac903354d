"""What the verbs that manage things share: the metadata database as the owner of the data directory, and listings.

They go to the metadata database directly, beside a running server too, which takes several processes; a server
publishes changed keys by itself, without one it is done here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.clock import SystemClock
from engine.datadir import DataDirectory
from engine.errors import NotFound, UserError
from engine.metadata import MetadataStore, ProjectRow, UserRow
from iam import LOCAL, Administration, Principal, Role
from server.cli.humane import human_value
from server.cli.options import settings_from
from server.metadata import open_metadata
from server.publisher import SnapshotPublisher
from server.runfile import RunInfo, is_served, read_run_info
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Managed:
    """An opened installation to manage; every call is made as the owner of the data directory."""

    settings: Settings
    metadata: MetadataStore
    administration: Administration
    principal: Principal
    server: RunInfo | None

    @property
    def web_url(self) -> str:
        """The web address for links: as set, or where the running server is."""
        if self.settings.public_url is None and self.server is not None:
            return self.server.url
        return self.settings.web_url

    def dsn(self, public_key: str, project_id: int) -> str:
        """Return a DSN; beside a running server with the address it gives to clients, whatever this call was told."""
        if self.settings.public_ingest_url is not None or self.server is None:
            return self.settings.dsn(public_key, project_id)
        scheme, _, rest = self.server.dsn.partition("://")
        host = rest.rpartition("@")[2].partition("/")[0]
        return f"{scheme}://{public_key}@{host}/{project_id}"

    def only_project(self) -> ProjectRow:
        """Return the project where there is one alone.

        Raises:
            UserError: there are others, or none.
        """
        rows = self.administration.projects(self.principal)
        if len(rows) != 1:
            raise UserError("Say whose rules with --project.", code="project-missing", hint="See `amber project list`.")
        return rows[0]

    def user(self, email: str) -> UserRow:
        """Return the person with an address; NotFound when there is none."""
        wanted = email.strip().lower()
        found = next((user for user in self.metadata.users() if user.email == wanted), None)
        if found is None:
            raise NotFound(f"There is no user {email!r}.", code="user-unknown", hint="See `amber user list`.")
        return found

    def project(self, slug_or_id: str) -> ProjectRow:
        """Return a project by short name or number; NotFound when there is none."""
        return self.administration.project(self.principal, slug_or_id)


@contextmanager
def managed(config: Path | None, data: Path | None) -> Iterator[Managed]:
    """Open the metadata database of a data directory for the length of a block.

    When the block has changed what ingest must know and no server runs, it is published.
    """
    settings = settings_from(config, data=data)
    directory = DataDirectory.at(settings.data)
    directory.check()
    metadata = open_metadata(settings)
    try:
        before = metadata.config_snapshot().version
        server = read_run_info(settings.data) if is_served(settings.data) else None
        yield Managed(settings, metadata, Administration(metadata, SystemClock()), LOCAL, server)
        if metadata.config_snapshot().version != before and not is_served(settings.data):
            SnapshotPublisher(metadata, directory.config_snapshot).publish_if_newer()
    finally:
        metadata.close()


def role_from(text: str) -> Role | None:
    """Return the role a text names, None for `none`; UserError for anything else."""
    if text == "none":
        return None
    try:
        return Role(text)
    except ValueError as error:
        raise UserError(
            f"{text!r} is no role.", code="role-unknown", hint=f"One of {', '.join(Role)} and none."
        ) from error


def said(sentence: str, facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was done: the facts as JSON, or a sentence."""
    typer.echo(json.dumps(facts) if as_json else sentence)


def listed(rows: Sequence[Mapping[str, Any]], nothing: str, *, as_json: bool) -> None:
    """Print rows with equal members as a JSON list, or as a table; `nothing` is said when there are none."""
    if as_json:
        typer.echo(json.dumps(list(rows)))
        return
    if not rows:
        typer.echo(nothing)
        return
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(human_value("" if cell is None else cell, None)) for cell in row.values()))
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=10_000)
    console.print(table)


def shown_time(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 to the second, None for never."""
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")
