"""The picture that fits the shape of a result: series, heatmap, histogram or bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from amber._errors import AmberError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from amber._result import Column, Result

MOST_SERIES = 50
MOST_BARS = 50
_BOUNDS = {"low", "high"}
_JUDGED = {"expected", "low", "high", "score"}
"""What `anomalies` adds beside the verdict."""


def figure(result: Result) -> go.Figure:
    """The Plotly figure of a result.

    Raises:
        AmberError: Plotly is not installed, or the result has no shape that can be drawn.
    """
    try:
        import plotly.graph_objects as go  # noqa: PLC0415 - optional, and dear to import
    except ImportError as error:
        raise AmberError("A plot needs Plotly.", code="plotly-missing", suggestion="pip install plotly.") from error
    columns = result.columns
    names = {one.name for one in columns}
    times = [one.name for one in columns if _is_time(one)]
    numbers = [one.name for one in columns if _is_number(result, one)]
    keys = [one.name for one in columns if one.name not in {*times, *numbers}]
    drawn = go.Figure()
    if not len(result):
        drawn.add_annotation(text="No rows", showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
    elif names >= _JUDGED | {"anomaly"} and times:
        value = next(name for name in numbers if name not in _JUDGED)
        _judged(go, drawn, result, (times[0], value, [key for key in keys if key != "anomaly"]))
    elif names >= _BOUNDS | {"count"} and times:
        drawn.add_trace(_heatmap(go, result, times[0]))
        drawn.update_yaxes(title=_titled(result, "low"))
    elif names >= _BOUNDS | {"count"}:
        drawn.add_trace(_histogram(go, result))
        drawn.update_xaxes(title=_titled(result, "low"))
    elif times and numbers:
        _lines(go, drawn, result, (times[0], numbers, keys))
    elif numbers:
        _bars(go, drawn, result, (keys, numbers))
    else:
        raise AmberError(
            "This result has no numbers to draw.",
            code="no-picture",
            suggestion="Summarize it, for example `| summarize n=count() by level` or `| make-series n=count()`.",
        )
    drawn.update_layout(template="plotly_white", margin={"t": 40, "l": 60, "r": 20, "b": 50}, title=result.english)
    return drawn


def _lines(go: Any, drawn: Any, result: Result, shape: tuple[str, list[str], list[str]]) -> None:
    time, numbers, keys = shape
    bounds = {name for name in numbers if name.rpartition(".")[2] in _BOUNDS and name.rpartition(".")[0] in numbers}
    shown = [name for name in numbers if name not in bounds]
    for key, rows in _groups(drawn, result, keys):
        at = [row[time] for row in rows]
        for name in shown:
            label = ", ".join([*map(_said, key), *([name] if len(shown) > 1 or not key else [])])
            drawn.add_trace(go.Scatter(x=at, y=[row[name] for row in rows], name=label, mode="lines"))
            if f"{name}.low" in bounds and f"{name}.high" in bounds:
                _band(go, drawn, at, [(row[f"{name}.low"], row[f"{name}.high"]) for row in rows])
    drawn.update_xaxes(title=f"{time} (UTC)")
    drawn.update_yaxes(title=_titled(result, shown[0]) if len(shown) == 1 else None)


def _judged(go: Any, drawn: Any, result: Result, shape: tuple[str, str, list[str]]) -> None:
    """Draw series with the band of what is usual, and a mark at what is not."""
    time, value, keys = shape
    for key, rows in _groups(drawn, result, keys):
        at, name = [row[time] for row in rows], ", ".join(map(_said, key)) or value
        _band(go, drawn, at, [(row["low"], row["high"]) for row in rows])
        drawn.add_trace(go.Scatter(x=at, y=[row[value] for row in rows], name=name, mode="lines"))
        odd = [row for row in rows if row["anomaly"]]
        marks = {"mode": "markers", "marker": {"symbol": "diamond-open", "size": 9}, "name": f"{name}: unusual"}
        drawn.add_trace(go.Scatter(x=[row[time] for row in odd], y=[row[value] for row in odd], **marks))
    drawn.update_xaxes(title=f"{time} (UTC)")
    drawn.update_yaxes(title=_titled(result, value))


def _groups(drawn: Any, result: Result, keys: list[str]) -> list[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    """Return the rows of each series; of too many the first, which the figure then says."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in result:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    if len(groups) > MOST_SERIES:
        note = {"showarrow": False, "xref": "paper", "x": 1, "yref": "paper", "y": 1.08}
        drawn.add_annotation(text=f"{MOST_SERIES} of {len(groups)} series", **note)
    return list(groups.items())[:MOST_SERIES]


def _band(go: Any, drawn: Any, at: Sequence[Any], bounds: Sequence[tuple[Any, Any]]) -> None:
    """Fill between two bounds, over all that is drawn, under no legend of its own."""
    usual = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    drawn.add_trace(go.Scatter(x=at, y=[low for low, _ in bounds], **usual))
    drawn.add_trace(go.Scatter(x=at, y=[high for _, high in bounds], fill="tonexty", opacity=0.2, **usual))


def _heatmap(go: Any, result: Result, time: str) -> Any:
    rows = list(result)
    at = sorted({row[time] for row in rows})
    levels = sorted({row["low"] for row in rows if row["low"] is not None})
    cells = {(row[time], row["low"]): row["count"] for row in rows}
    counts = [[cells.get((moment, low), 0) for moment in at] for low in levels]
    return go.Heatmap(x=at, y=[_said(low) for low in levels], z=counts, colorscale="Blues", colorbar={"title": "count"})


def _histogram(go: Any, result: Result) -> Any:
    rows = [row for row in result if row["low"] is not None and row["high"] is not None]
    low, high = [float(row["low"]) for row in rows], [float(row["high"]) for row in rows]
    middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    width = [b - a for a, b in zip(low, high, strict=True)]
    return go.Bar(x=middle, y=[row["count"] for row in rows], width=width, name="count")


def _bars(go: Any, drawn: Any, result: Result, shape: tuple[list[str], list[str]]) -> None:
    keys, numbers = shape
    rows = list(result)[:MOST_BARS]
    labels = [", ".join(_said(row[key]) for key in keys) or "all" for row in rows]
    for name in numbers:
        drawn.add_trace(go.Bar(y=labels, x=[row[name] for row in rows], name=name, orientation="h"))
    drawn.update_yaxes(autorange="reversed", type="category")
    drawn.update_xaxes(title=_titled(result, numbers[0]) if len(numbers) == 1 else None)


def _titled(result: Result, name: str) -> str:
    unit = next((one.unit for one in result.columns if one.name == name), None)
    return f"{name} ({unit})" if unit else name


def _said(value: object) -> str:
    return "(none)" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _is_time(column: Column) -> bool:
    return column.type == "time" or column.type.startswith("timestamp")


def _is_number(result: Result, column: Column) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - the result is made of it, `import amber` is not

    kind = result.arrow().schema.field(column.name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
