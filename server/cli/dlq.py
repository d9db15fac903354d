"""`amber dlq`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.datadir import DataDirectory
from engine.errors import UserError
from ingest.deadletters import DeadLetters
from ingest.normaliser import open_shards
from ingest.records import DeadLetter
from ingest.sink import ShardedSink
from server.cli.humane import printable
from server.cli.options import ConfigOption, DataOption, JsonOption, settings_from
from server.runfile import reach_server
from server.settings import Settings
from server.shards import fixed_shards

app = typer.Typer(add_completion=False, help="Look at the dead letters, replay them, drop them.", no_args_is_help=True)
KindOption = Annotated[str, typer.Option("--kind", help="Only invalid, set_aside, undecodable or rejected.")]
_PRODUCER = "dlq"
_KINDS = ("", "invalid", "set_aside", "undecodable", "rejected")


@app.command("list")
def list_letters(
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    kind: KindOption = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most letters.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what was accepted and could not be stored, oldest first.

    `invalid` broke a rule, `set_aside` is of a kind Amber does not read yet, `undecodable` could not be read at all,
    `rejected` is a batch the store refused.
    """
    letters: list[DeadLetter] = []
    box = _letters(settings_from(config, data=data))
    for letter in box.letters(kind=_checked(kind)):
        if len(letters) == limit:
            break
        letters.append(letter)
    if as_json:
        typer.echo(json.dumps([_facts(letter) for letter in letters]))
        return
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for name in ("id", "received", "kind", "reason", "item", "project", "bytes", "detail"):
        table.add_column(name, overflow="fold", justify="right" if name == "bytes" else "left")
    for letter in letters:
        facts = _facts(letter)
        names = ("id", "received_at", "kind", "reason", "item_type", "project_id", "bytes", "detail")
        table.add_row(*(Text(printable(str(facts[name]))) for name in names))
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=10_000)
    console.print(table if letters else Text("There are no dead letters."))


@app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The id `amber dlq list` shows.")],
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    body: Annotated[Path | None, typer.Option("--body", help="Write the payload, byte for byte, to this file.")] = None,
) -> None:
    """Show one dead letter with its payload."""
    letter = _found(_letters(settings_from(config, data=data)), letter_id)
    if body is not None:
        body.write_bytes(letter.body)
    shown = _facts(letter) | {"header": letter.header.decode("utf-8", "replace")}
    if body is None:
        shown["body"] = letter.body.decode("utf-8", "replace")
    typer.echo(json.dumps(shown, indent=2))


@app.command("replay")
def replay(
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids, or none with --all.")] = None,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay all letters, or all of --kind.")] = False,
    kind: KindOption = "",
) -> None:
    """Send dead letters through the pipeline again, after an upgrade or a repair.

    A letter that fails again comes back under a new id. Beside a running server its normalisers do the work; otherwise
    it is done here.
    """
    settings = settings_from(config, data=data)
    box = _letters(settings)
    if bool(letter_ids) == everything:
        raise UserError("Name the letters to replay, or say --all.", code="nothing-chosen")
    chosen = list(box.letters(kind=_checked(kind))) if everything else [_found(box, name) for name in letter_ids or []]
    count = _replay(settings, box, chosen)
    typer.echo(f"{count} of {len(chosen)} replayed")


@app.command("drop")
def drop(
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids, or none with --all.")] = None,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Drop all letters, or all of --kind.")] = False,
    kind: KindOption = "",
) -> None:
    """Drop dead letters for good: they are in no list any more, and their bytes go as their boxes age."""
    box = _letters(settings_from(config, data=data))
    if bool(letter_ids) == everything:
        raise UserError("Name the letters to drop, or say --all.", code="nothing-chosen")
    chosen = list(box.letters(kind=_checked(kind))) if everything else [_found(box, name) for name in letter_ids or []]
    typer.echo(f"{box.drop(chosen)} of {len(chosen)} dropped")


def _replay(settings: Settings, box: DeadLetters, letters: list[DeadLetter]) -> int:
    data = DataDirectory.at(settings.data, settings.spool_key)
    shards = fixed_shards(settings.data, None)
    if reach_server(settings.data) is not None:
        return _append(box, letters, data, shards)
    # Start-up time: looking at letters needs neither the engine nor the compiler.
    from server.compose import open_installation, ready_writer  # noqa: PLC0415

    installation = open_installation(settings)
    try:
        count = _append(box, letters, data, shards)
        with open_shards(range(shards), data) as normalisers:
            for normaliser in normalisers:
                normaliser.drain()
        ready_writer(installation).drain()
        return count
    finally:
        installation.close()


def _append(box: DeadLetters, letters: list[DeadLetter], data: DataDirectory, shards: int) -> int:
    sink = ShardedSink(data.raw_root / _PRODUCER, shards, keys=data.spool_keys)
    try:
        return box.replay(letters, sink.append)
    finally:
        sink.close()


def _letters(settings: Settings) -> DeadLetters:
    data = DataDirectory.at(settings.data, settings.spool_key)
    data.check()
    return DeadLetters(data)


def _found(box: DeadLetters, letter_id: str) -> DeadLetter:
    letter = box.find(letter_id)
    if letter is None:
        raise UserError(f"There is no dead letter {letter_id!r}.", code="letter-unknown", hint="See `amber dlq list`.")
    return letter


def _checked(kind: str) -> str:
    if kind not in _KINDS:
        raise UserError(
            f"{kind!r} is no kind of dead letter.", code="kind-unknown", hint=f"One of {', '.join(_KINDS[1:])}."
        )
    return kind


def _facts(letter: DeadLetter) -> dict[str, Any]:
    received = datetime.fromtimestamp(letter.received_at_ns / 1e9, UTC)
    return {
        "id": letter.id,
        "received_at": received.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "kind": letter.kind,
        "reason": letter.reason,
        "item_type": letter.item_type,
        "project_id": letter.project_id,
        "event_id": letter.event_id,
        "bytes": len(letter.body),
        "detail": letter.detail,
    }
