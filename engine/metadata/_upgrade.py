"""Alembic, driven from the program: no ini file, no console."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from engine.errors import StateError
from engine.metadata._database import Database

SCRIPTS = Path(__file__).parent / "alembic"
_ADVISORY_LOCK = 0x416D626572  # "Amber"; any number that nobody else in the database uses


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def _check_known(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """Return the revision of the database, None for an empty one; StateError when it is from a newer Amber."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StateError(
            f"The metadata database has revision {current}, which this version of Amber does not know.",
            code="metadata-newer",
            hint="It was upgraded by a newer Amber: install that version, or restore a backup from before.",
        )
    return current


def upgrade_schema(database: Database) -> None:
    """Run the migrations the database lacks, in one transaction that only one process can be in."""
    config = _config()
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        _check_known(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_revision(database: Database) -> None:
    """Raise StateError unless the database has exactly the schema of this version."""
    scripts = ScriptDirectory.from_config(_config())
    with database.read() as connection:
        current = _check_known(connection, scripts)
    if current != scripts.get_current_head():
        raise StateError(
            f"The metadata database has revision {current or 'none'}, this version needs {scripts.get_current_head()}.",
            code="metadata-older",
            hint="Run `amber migrate`, or start `amber serve`, which does it.",
        )
