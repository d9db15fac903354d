"""The detectors of `ml` that queries may call, by the name plans call them; `queries` itself knows none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ml.templates import find_templates
from queries.detectors import patterns_step
from queries.frames import Operation

DETECTORS: Final[Mapping[str, Operation]] = {"patterns": patterns_step(find_templates)}
"""What the runner of every installation is given."""
