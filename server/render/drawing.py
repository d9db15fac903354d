"""A drawing of lines, areas and words in pixels from the upper left, and as SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points."""

    points: Sequence[Point]
    colour: str
    width: float = 1.5
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Polygon:
    """A filled area."""

    points: Sequence[Point]
    colour: str


@dataclass(frozen=True, slots=True)
class Words:
    """A text; `anchor` says which part of it stands at `at`: start, middle or end. `at` is on its base line."""

    at: Point
    text: str
    colour: str
    size: float = 11
    anchor: str = "start"
    bold: bool = False


Shape = Polyline | Polygon | Words


@dataclass(slots=True)
class Drawing:
    """Shapes in the order they are drawn.

    Attributes:
        width: in pixels.
        height: in pixels.
        title: said to those who do not see it.
    """

    width: int
    height: int
    title: str = ""
    shapes: list[Shape] = field(default_factory=list)

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """Add a filled rectangle."""
        self.shapes.append(Polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour))

    def line(self, points: Sequence[Point], colour: str, width: float = 1.5, *, dashed: bool = False) -> None:
        """Add a line."""
        self.shapes.append(Polyline(tuple(points), colour, width, dashed))

    def as_svg(self) -> str:
        """Return it as an element that can stand within a page."""
        shown = "".join(_svg(one) for one in self.shapes)
        label = escape(self.title, quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}"'
            f' height="{self.height}" role="img" aria-label="{label}" font-family="system-ui,sans-serif">{shown}</svg>'
        )


def _svg(shape: Shape) -> str:
    match shape:
        case Polyline():
            dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
            return (
                f'<polyline fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}"'
                f' stroke-linejoin="round"{dash} points="{_points(shape.points)}"/>'
            )
        case Polygon():
            return f'<polygon fill="{shape.colour}" points="{_points(shape.points)}"/>'
        case Words():
            weight = ' font-weight="600"' if shape.bold else ""
            x, y = shape.at
            return (
                f'<text x="{x:.1f}" y="{y:.1f}" font-size="{shape.size:g}" fill="{shape.colour}"'
                f' text-anchor="{shape.anchor}"{weight}>{escape(shape.text, quote=False)}</text>'
            )


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
