"""Drawings as PNG, for mail: programs that show it draw no SVG."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from server.render.drawing import Drawing, Point, Polygon, Polyline, Shape, Words

SCALE: Final = 2
"""Pixels of the picture for one of the drawing: sharp on screens with small ones."""

_SMOOTH: Final = 2
"""Drawn so many times larger, then made smaller: the library draws lines without smoothing."""

_DASH: Final = (4.0, 3.0)
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}


def as_png(drawing: Drawing) -> bytes:
    """Return a drawing as a PNG on white."""
    scale = SCALE * _SMOOTH
    image = Image.new("RGB", (drawing.width * scale, drawing.height * scale), "white")
    canvas = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _draw(canvas, shape, scale)
    small = image.resize((drawing.width * SCALE, drawing.height * SCALE), Image.Resampling.LANCZOS)
    out = BytesIO()
    small.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(canvas: ImageDraw.ImageDraw, shape: Shape, scale: int) -> None:
    match shape:
        case Polygon():
            canvas.polygon([(x * scale, y * scale) for x, y in shape.points], fill=shape.colour)
        case Polyline():
            for part in _dashes(shape) if shape.dashed else [list(shape.points)]:
                scaled = [(x * scale, y * scale) for x, y in part]
                canvas.line(scaled, fill=shape.colour, width=max(1, round(shape.width * scale)), joint="curve")
        case Words():
            font = ImageFont.load_default(shape.size * scale)
            x, y = shape.at
            canvas.text((x * scale, y * scale), shape.text, fill=shape.colour, font=font, anchor=_ANCHORS[shape.anchor])


def _dashes(shape: Polyline) -> list[list[Point]]:
    """Return the strokes of a straight dashed line."""
    (x0, y0), (x1, y1) = shape.points[0], shape.points[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    if length == 0:
        return []
    made = []
    at = 0.0
    while at < length:
        begin, end = at / length, min(at + _DASH[0], length) / length
        made.append([(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part) for part in (begin, end)])
        at += sum(_DASH)
    return made
