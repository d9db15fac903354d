"""Alembic's entry: run the scripts on the connection `engine.metadata` hands over."""  # noqa: INP001 - Alembic runs it as a script

from __future__ import annotations

from alembic import context

from engine.metadata._tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
)
context.run_migrations()
