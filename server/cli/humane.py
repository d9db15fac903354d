"""Values for the eye: durations, sizes and shares with a unit, times without noise."""

from __future__ import annotations

from typing import Any

import orjson

import amber

_DURATION_STEPS = (
    *((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s")),
    *((1_000_000, "ms"), (1_000, "µs"), (1, "ns")),
)
_SIZE_STEPS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "B"))
_TO_NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_NUMERIC_TYPES = {"integer", "number", "duration", "size", "ratio"}
_MAX_CELL = 200


def is_numeric(column_type: str) -> bool:
    """Whether values of a column type stand at the right edge."""
    return column_type in _NUMERIC_TYPES


def human_value(value: Any, unit: str | None) -> str:
    """Return one cell: `1.23 s`, `4.5 MB`, `12.3 %`, `2026-01-31 12:00:00`, at most 200 characters."""
    if value is None:
        return "-"
    if isinstance(value, list | dict):
        return _cut(orjson.dumps(value).decode())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _human_number(value, unit)
    return _cut(_human_text(str(value)))


def statistics_line(result: amber.Result) -> str:
    """Return the line below a table: rows, what was read, the time it took and the range."""
    stats = result.stats
    rows = len(result)
    line = f"{rows:,} row{'' if rows == 1 else 's'}"
    line += f" · {stats.rows_read:,} rows read · {stats.elapsed_ms + stats.plan_ms:,.0f} ms"
    if result.time_range is not None:
        start, end = result.time_range
        line += f" · {start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"
    if result.sample_rate < 1:
        line += f" · sampled at {result.sample_rate:.3g}"
    return line


def _human_number(value: float, unit: str | None) -> str:
    if unit in _TO_NANOSECONDS:
        return _scaled(value * _TO_NANOSECONDS[unit], _DURATION_STEPS)
    if unit in {"bytes", "byte", "B"}:
        return _scaled(value, _SIZE_STEPS)
    if unit == "ratio":
        return f"{value * 100:.4g} %"
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _scaled(value: float, steps: tuple[tuple[int, str], ...]) -> str:
    for size, name in steps:
        if abs(value) >= size:
            return f"{value / size:.4g} {name}"
    return f"{value:.4g} {steps[-1][1]}"


def _human_text(value: str) -> str:
    # The API's times, `2026-01-31T12:00:00.000000Z`, lose the parts that say nothing.
    if len(value) >= 20 and value[4:5] == "-" and value[10:11] == "T" and value.endswith("Z"):
        seconds, _, fraction = value[:-1].partition(".")
        fraction = fraction.rstrip("0")
        return seconds.replace("T", " ") + (f".{fraction}" if fraction else "")
    return value


def printable(text: str) -> str:
    """Return the text with blanks for control characters: an event must not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _cut(text: str) -> str:
    safe = printable(text)
    return safe if len(safe) <= _MAX_CELL else safe[: _MAX_CELL - 1] + "…"
