"""The schema's revision, and Alembic, driven from the program: no ini file, no console."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from engine.errors import StateError
from engine.metadata._database import Database

SCRIPTS = Path(__file__).parent / "alembic"
_ADVISORY_LOCK = 0x416D626572  # "Amber"; any number that nobody else in the database uses


def revisions() -> tuple[str, ...]:
    """Return the revisions this version of Amber knows, in order: the scripts are named `REVISION_title.py`."""
    return tuple(sorted(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py")))


def upgrade_schema(database: Database) -> None:
    """Run the migrations the database lacks, in one transaction that only one process can be in."""
    with database.read() as connection:
        if _current(connection) == revisions()[-1]:
            return
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        _current(connection)
        _run_scripts(connection)


def check_revision(database: Database) -> None:
    """Raise StateError unless the database has exactly the schema of this version."""
    head = revisions()[-1]
    with database.read() as connection:
        current = _current(connection)
    if current != head:
        raise StateError(
            f"The metadata database has revision {current or 'none'}, this version needs {head}.",
            code="metadata-older",
            hint="Start `amber serve`, which brings it up to date.",
        )


def _current(connection: Connection) -> str | None:
    """Return the revision of the database, None for an empty one; StateError when it is from a newer Amber."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    current: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if current is not None and current not in revisions():
        raise StateError(
            f"The metadata database has revision {current}, which this version of Amber does not know.",
            code="metadata-newer",
            hint="It was upgraded by a newer Amber: install that version, or restore a backup from before.",
        )
    return current


def _run_scripts(connection: Connection) -> None:
    # Start-up time: importing Alembic costs 0.1 s, and nearly every start finds the schema up to date.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
