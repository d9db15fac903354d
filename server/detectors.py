"""The detectors of `ml` that queries may call, by the name plans call them; `queries` itself knows none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from queries.frames import Operation

DETECTORS: Final[Mapping[str, Operation]] = {}
"""What the runner of every installation is given."""
