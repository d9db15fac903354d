"""Settings of the installation, by name."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from engine.errors import UserError
from engine.metadata._counters import bump, upsert
from engine.metadata._projects import CONFIG, LIMITS
from engine.metadata._tables import SETTINGS
from engine.snapshot import LimitConfig


def get(connection: Connection, name: str) -> Any:
    """Return the value of a setting, None when it was never set."""
    return connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == name)).scalar_one_or_none()


def put(connection: Connection, name: str, value: Any) -> None:
    """Set a setting; a change of `limits` is a change of the configuration snapshot."""
    if name == LIMITS:
        _check_limits(value)
        bump(connection, CONFIG)
    row = upsert(connection.dialect, SETTINGS).values(name=name, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value}))


def _check_limits(value: Any) -> None:
    try:
        msgspec.convert(value, LimitConfig)
    except msgspec.ValidationError as error:
        raise UserError(f"These are no limits: {error}.", code="limits-invalid") from error
    unknown = sorted(set(value) - set(LimitConfig.__struct_fields__))
    if unknown:
        raise UserError(f"There are no limits called {', '.join(unknown)}.", code="limits-invalid")
