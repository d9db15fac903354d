"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

_TOP = 1 << 63
_ALL = 1 << 64


class Unsigned64(TypeDecorator[int]):
    """An unsigned 64-bit integer, kept as the signed one with the same bits: neither database has the unsigned."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the signed integer with the bits of `value`."""
        return value - _ALL if value is not None and value >= _TOP else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the unsigned integer with the bits of `value`."""
        return value + _ALL if value is not None and value < 0 else value


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC; SQLite stores it without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON document as text. `orjson` keeps unsigned 64-bit integers, which `json` columns of databases do not."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return `value` as JSON text."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the document in `value`."""
        return None if value is None else orjson.loads(value)
