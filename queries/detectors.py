"""What queries need of `ml`, as protocols, and the steps in the process made of implementations.

`queries` knows no detector; `server` puts one of each kind into the steps below and hands them to the runner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import pyarrow as pa

from queries.frames import Operation
from queries.operations.patterns import patterns


class TemplateFinder(Protocol):
    """Finds the templates of texts whose changing parts are masked already."""

    def __call__(self, texts: Sequence[str], counts: Sequence[int]) -> Sequence[str]:
        """Return the template of each text.

        Args:
            texts: all different, with `queries.masks.WILDCARD` for masked parts.
            counts: how many rows have each.
        """
        ...


def patterns_step(find: TemplateFinder) -> Operation:
    """Return the step `patterns`."""

    def step(inputs: Sequence[pa.Table], options: Mapping[str, object]) -> pa.Table:
        return patterns(inputs[0], find, cast("int", options["limit"]))

    return step
