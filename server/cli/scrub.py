"""`amber scrub`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from engine.errors import NotFound, UserError
from engine.snapshot import ProjectConfig
from ingest.envelope import parse_envelope
from ingest.errors import InvalidItem, Malformed
from ingest.inputs import read_file
from ingest.jsontext import decode_json
from server.cli.failures import USAGE, Shown
from server.cli.humane import printable
from server.cli.managed import Managed, managed, said
from server.cli.options import ConfigOption, DataOption, JsonOption
from server.cli.target import opened_target
from server.scrubbing import OPTIONS, Trial, check_options, tried

app = typer.Typer(
    add_completion=False, help="Keep personal data out: rules, and what they make of an event.", no_args_is_help=True
)
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Short name or number of the project.")]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A file of rules, one a line; - for standard input.", show_default="none")
]
DefaultsOption = Annotated[
    bool | None,
    typer.Option("--defaults/--no-defaults", help="Whether the default rules hold.", show_default="as it is"),
]
IpOption = Annotated[
    str | None, typer.Option("--ip", help="IP addresses: keep, mask, hash or remove.", show_default="as it is")
]
EmailOption = Annotated[
    str | None, typer.Option("--email", help="E-mail addresses: keep, mask, hash or remove.", show_default="as it is")
]
_KEPT = timedelta(days=400)
_EVENT_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATASETS = {
    "transaction": "spans",
    "span": "spans",
    "log": "logs",
    "otel_log": "logs",
    "trace_metric": "metrics",
    "session": "sessions",
    "sessions": "sessions",
    "check_in": "check_ins",
    "feedback": "feedback",
    "user_report": "feedback",
    "replay_event": "replays",
    "profile": "profiles",
    "profile_chunk": "profiles",
}
"""Datasets of item types; those of all others are errors."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something rules are tried on."""

    name: str
    dataset: str
    text: bytes


@app.command("show")
def show(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a project's data is scrubbed."""
    with managed(config, data) as place:
        facts = _facts(place, project)
    lines = [
        f"default rules: {'on' if facts['scrub_defaults'] else 'off'}",
        f"IP addresses: {facts['scrub_ip']}",
        f"e-mail addresses: {facts['scrub_email']}",
        "",
        facts["scrub_rules"] or "# no rules of its own",
    ]
    said("\n".join(lines), facts, as_json=as_json)


@app.command("set")
def set_rules(
    project: ProjectArgument,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    rules: RulesOption = None,
    defaults: DefaultsOption = None,
    ip: IpOption = None,
    email: EmailOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set how a project's data is scrubbed from now on; what is stored already stays as it is."""
    draft = _draft(rules, defaults, ip, email)
    if not draft:
        raise UserError("Nothing to set.", code="nothing-chosen", hint="Give --rules, --defaults, --ip or --email.")
    check_options(draft)
    with managed(config, data) as place:
        place.administration.change_project(place.principal, place.project(project).id, options=draft)
        facts = _facts(place, project)
    said("The rules hold within two seconds.", facts, as_json=as_json)


@app.command("test")
def try_rules(
    subject: Annotated[str, typer.Argument(metavar="FILE|EVENT_ID", help="A JSON event or envelope, or a stored one.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Whose rules.", show_default="the only project there is")
    ] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="What it is.", show_default="by its type")] = "",
    rules: RulesOption = None,
    defaults: DefaultsOption = None,
    ip: IpOption = None,
    email: EmailOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show before and after of an event under a project's rules, or under others; nothing is changed."""
    draft = _draft(rules, defaults, ip, email)
    with managed(config, data) as place:
        row = place.project(project) if project else place.only_project()
        found = place.metadata.config_snapshot().projects.get(row.id) or ProjectConfig(row.id, row.slug)
    found_subjects = list(subjects(subject, row.slug, data, config))
    trials = [(s, tried(found, draft, s.text, dataset or s.dataset)) for s in found_subjects]
    problems = trials[0][1].problems if trials else ()
    if problems:
        raise Shown("; ".join(map(str, problems)), code="scrub-rules-invalid", status=USAGE)
    if as_json:
        typer.echo(json.dumps([{"name": s.name, **trial.as_dict()} for s, trial in trials]))
        return
    console = Console(highlight=False)
    for one, trial in trials:
        _print(console, one, trial)


def _print(console: Console, subject: Subject, trial: Trial) -> None:
    what = ", ".join(remark.partition(":")[2] for remark in trial.remarks) or "nothing to scrub"
    console.print(Text(printable(f"{subject.name} ({subject.dataset}): {what}"), style="bold"))
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in trial.diff:
        console.print(Text(printable(line), style=styles.get(line[:1], "")), soft_wrap=True)


def _draft(rules: Path | None, defaults: bool | None, ip: str | None, email: str | None) -> dict[str, Any]:
    """Return the options that were given; `rules` names a file."""
    text = None
    if rules is not None:
        try:
            text = sys.stdin.read() if str(rules) == "-" else rules.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"The rules in {rules} cannot be read: {error}.", code="rules-unreadable") from error
    given = {"scrub_rules": text, "scrub_defaults": defaults, "scrub_ip": ip, "scrub_email": email}
    for name in ("scrub_ip", "scrub_email"):
        if given[name] not in {None, "keep", "mask", "hash", "remove"}:
            raise UserError(f"{given[name]!r} is no policy.", code="policy-unknown", hint="keep, mask, hash or remove.")
    return {name: value for name, value in given.items() if value is not None}


def _facts(place: Managed, project: str) -> Mapping[str, Any]:
    row = place.project(project)
    found = place.metadata.config_snapshot().projects[row.id]
    return {"project": row.slug, **{name: getattr(found, name) for name in OPTIONS}}


def subjects(subject: str, slug: str, data: Path | None, config: Path | None) -> Iterator[Subject]:
    """Yield what to try rules on: the stored event with an id, or the JSON a file holds.

    Raises:
        UserError: there is no such file.
        NotFound: there is no such event.
    """
    path = Path(subject)
    if _EVENT_ID.fullmatch(subject) and not path.exists():
        yield Subject(subject, "errors", _stored(subject.replace("-", "").lower(), slug, data, config))
        return
    if not path.is_file():
        raise UserError(f"{subject} is no file and no event id.", code="no-such-file")
    for number, found in enumerate(read_file(path), 1):
        if found.kind != "envelope":
            yield Subject(f"{path.name} #{number}", "errors", found.body)
            continue
        for index, item in enumerate(parse_envelope(found.body).items):
            try:
                decode_json(item.payload)
            except (InvalidItem, Malformed):
                continue  # a file: it is no text
            yield Subject(f"{path.name} item {index} {item.type}", _DATASETS.get(item.type, "errors"), item.payload)


def _stored(event_id: str, slug: str, data: Path | None, config: Path | None) -> bytes:
    with opened_target(data, None, None, config) as target:
        text = "from errors | where id = $id | project payload | limit 1"
        result = target.client.query(text, start=datetime.now(UTC) - _KEPT, project=slug, params={"id": event_id})
        rows = result.arrow().to_pylist()
    if not rows:
        raise NotFound(f"There is no stored event {event_id} in {slug}.", code="event-unknown")
    return str(rows[0]["payload"]).encode()
