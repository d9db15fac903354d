"""Charts of series over time, as drawings. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from server.render.drawing import Drawing, Point, Words

_INK, _QUIET, _GRID, _LINE = "#1c1f26", "#596072", "#e3e6ec", "#1f4fbf"
_BAD, _MARK = "#fbe3cf", "#b4530a"
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 26, 22
_GAPS: Final = 4
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_SPANS_S: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
_WORDS: Final = 6
"""Words along the time axis, at most."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A series to draw.

    Attributes:
        title: over it.
        start: begin of the first bucket, seconds since 1970.
        step_s: width of a bucket.
        values: None where nothing is known.
        unit: `ms`, or empty.
        window: what was bad, seconds since 1970; None for nothing.
        onset: when it began; None when that is not known.
        share: whether the values are shares of 1, told as percent.
    """

    title: str
    start: float
    step_s: float
    values: Sequence[float | None]
    unit: str = ""
    window: tuple[float, float] | None = None
    onset: float | None = None
    share: bool = False


def drawn(chart: Chart, width: int = 760, height: int = 170) -> Drawing:
    """Return a chart as a drawing; one without values says so."""
    drawing = Drawing(width, height, _said(chart))
    drawing.shapes.append(Words((0, 13), _short(chart.title, width), _INK, 12, bold=True))
    known = [value for value in chart.values if value is not None]
    if not known:
        drawing.shapes.append(Words((width / 2, height / 2), "No values in this time", _QUIET, 12, "middle"))
        return drawing
    top = _ceiling(max(*known, 0.0) if len(known) > 1 else max(known[0], 0.0))
    bottom = min(0.0, *known) if len(known) > 1 else min(0.0, known[0])
    plot = _Plot(chart, (float(width), float(height)), bottom, top)
    _background(drawing, chart, plot)
    for part in _parts(chart, plot):
        drawing.line(part if len(part) > 1 else [part[0], (part[0][0] + 1.5, part[0][1])], _LINE)
    if chart.onset is not None:
        x = plot.x(chart.onset)
        drawing.line([(x, _TOP), (x, height - _BOTTOM)], _MARK, 1.5, dashed=True)
        drawing.shapes.append(Words((x + 4, _TOP + 9), "began", _MARK, 10))
    return drawing


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where values and moments lie."""

    chart: Chart
    size: Point
    low: float
    high: float

    @property
    def end(self) -> float:
        return self.chart.start + self.chart.step_s * len(self.chart.values)

    def x(self, at: float) -> float:
        part = (at - self.chart.start) / max(self.end - self.chart.start, 1e-9)
        return _LEFT + min(max(part, 0.0), 1.0) * (self.size[0] - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        part = (value - self.low) / max(self.high - self.low, 1e-12)
        return self.size[1] - _BOTTOM - part * (self.size[1] - _TOP - _BOTTOM)


def _background(drawing: Drawing, chart: Chart, plot: _Plot) -> None:
    right, floor = plot.size[0] - _RIGHT, plot.size[1] - _BOTTOM
    if chart.window is not None:
        drawing.rectangle(plot.x(chart.window[0]), _TOP, plot.x(chart.window[1]), floor, _BAD)
    for number in range(_GAPS + 1):
        value = plot.low + (plot.high - plot.low) * number / _GAPS
        y = plot.y(value)
        drawing.line([(_LEFT, y), (right, y)], _GRID, 1)
        if number % 2 == 0:
            drawing.shapes.append(Words((_LEFT - 6, y + 4), _number(value, chart), _QUIET, 10, "end"))
    for at in _moments(chart.start, plot.end):
        x = plot.x(at)
        drawing.shapes.append(Words((x, floor + 15), _moment(at, plot.end - chart.start), _QUIET, 10, "middle"))


def _parts(chart: Chart, plot: _Plot) -> list[list[Point]]:
    """Return the runs of known values as points, each at the middle of its bucket."""
    made: list[list[Point]] = [[]]
    for number, value in enumerate(chart.values):
        if value is None:
            made.append([])
            continue
        made[-1].append((plot.x(chart.start + (number + 0.5) * chart.step_s), plot.y(value)))
    return [part for part in made if part]


def _moments(start: float, end: float) -> list[float]:
    span = next((one for one in _SPANS_S if (end - start) / one <= _WORDS), _SPANS_S[-1])
    first = math.ceil(start / span) * span
    return [first + number * span for number in range(int((end - first) // span) + 1)]


def _moment(at: float, length: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return (
        f"{moment:%H:%M}"
        if length <= 2 * 86_400
        else f"{moment:%d %b %H:%M}"
        if length < 8 * 86_400
        else f"{moment:%d %b}"
    )


def _ceiling(value: float) -> float:
    """Return the next round number, so that the axis has words people read."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(nice * power for nice in _NICE if nice * power >= value * (1 - 1e-9))


def _number(value: float, chart: Chart) -> str:
    if chart.share:
        return f"{value * 100:.3g} %"
    if abs(value) >= 1e4:
        power = min(int(math.log10(abs(value)) // 3), 4)
        return f"{value / 1000**power:.3g}{' kMGT'[power].strip()} {chart.unit}".strip()
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{shown} {chart.unit}".strip()


def _short(text: str, width: int) -> str:
    most = width // 7
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def _said(chart: Chart) -> str:
    known = [value for value in chart.values if value is not None]
    if not known:
        return f"{chart.title}: no values"
    return f"{chart.title}: from {_number(min(known), chart)} to {_number(max(known), chart)}"
