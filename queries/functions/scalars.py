"""The table of scalar functions, put together from its parts."""

from __future__ import annotations

from queries.functions.model import Function
from queries.functions.numeric import CONDITIONAL, CONVERSIONS, NUMERIC, common_type
from queries.functions.structured import STRUCTURED
from queries.functions.texts import TEXT_FUNCTIONS
from queries.functions.times import TIME_FUNCTIONS, bucket, instant, zoned_bucket

SCALARS: tuple[Function, ...] = (
    *TEXT_FUNCTIONS,
    *TIME_FUNCTIONS,
    *NUMERIC,
    *CONDITIONAL,
    *CONVERSIONS,
    *STRUCTURED,
)

__all__ = ["SCALARS", "bucket", "common_type", "instant", "zoned_bucket"]
