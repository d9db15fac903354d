"""What a parcel costs. Release 1.4.1 has a new rule, and the new rule has a bug."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BOX_G = 5000


@dataclass(frozen=True, slots=True)
class Parcel:
    """Boxes and their price."""

    boxes: int
    price_cents: int


def by_box(weights_g: Sequence[int]) -> Parcel:
    """Since 1.0: a flat price per box."""
    boxes = math.ceil(sum(weights_g) / BOX_G)
    return Parcel(boxes, boxes * 490)


def by_weight_per_box(weights_g: Sequence[int]) -> Parcel:
    """Since 1.4.1: heavier boxes cost more. A cart of downloads alone needs no box, which nobody thought of."""
    boxes = math.ceil(sum(weights_g) / BOX_G)
    grams_per_box = sum(weights_g) / boxes
    return Parcel(boxes, boxes * (290 + round(grams_per_box / 25)))


def rule_of(release: str) -> Callable[[Sequence[int]], Parcel]:
    """The rule deployed with a release `shop-web@X.Y.Z`."""
    version = tuple(int(part) for part in release.rpartition("@")[2].split("."))
    return by_weight_per_box if version >= (1, 4, 1) else by_box
