"""Engine settings: what limits mean in ClickHouse's words, what an insert is pinned to, and how they are written."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from engine.eventstore.port import Limits

_NAME = re.compile(r"[a-z][a-z0-9_]*")
QUERY_TAG = "log_comment"
"""The setting that carries the query id. chDB takes no query id, and this one shows in `system.processes` of both."""

_ONE_BLOCK = 1 << 40
INSERT_SETTINGS: Mapping[str, object] = {
    # One file, one block, one token: split in two, the halves would get tokens of their own, and a retry that
    # splits elsewhere would insert rows again.
    "max_insert_block_size": _ONE_BLOCK,
    "min_insert_block_size_rows": _ONE_BLOCK,
    "min_insert_block_size_bytes": _ONE_BLOCK,
    "max_threads": 1,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,
    "async_insert": 0,
    # Roll-ups are fed in the same insert, see the same token, and are not fed again by a retry.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "parallel_view_processing": 0,
    # A batch of old events may touch many weeks; failing would make it undeliverable.
    "max_partitions_per_insert_block": 0,
    # The file says what it holds; a column the table lacks is an error, not a guess.
    "input_format_arrow_skip_columns_with_unsupported_types_in_schema_inference": 0,
    "input_format_null_as_default": 1,
}


def limit_settings(limits: Limits) -> dict[str, object]:
    """Return the settings that enforce `limits`; each throws instead of cutting the answer short."""
    settings: dict[str, object] = {}
    if limits.max_seconds is not None:
        settings |= {"max_execution_time": limits.max_seconds, "timeout_overflow_mode": "throw"}
    if limits.max_memory_bytes is not None:
        settings["max_memory_usage"] = limits.max_memory_bytes
    if limits.max_rows_read is not None:
        settings |= {"max_rows_to_read": limits.max_rows_read, "read_overflow_mode": "throw"}
    if limits.max_bytes_read is not None:
        settings |= {"max_bytes_to_read": limits.max_bytes_read, "read_overflow_mode": "throw"}
    if limits.max_result_rows is not None:
        settings |= {"max_result_rows": limits.max_result_rows, "result_overflow_mode": "throw"}
    if limits.max_result_bytes is not None:
        settings |= {"max_result_bytes": limits.max_result_bytes, "result_overflow_mode": "throw"}
    return settings


def insert_settings(token: str | None) -> dict[str, object]:
    """Return the settings of an insert, deduplicated by `token`; without one, by a token nobody else has.

    Switching deduplication off has other names in other versions, a token of its own works in all.
    """
    return {**INSERT_SETTINGS, "insert_deduplicate": 1, "insert_deduplication_token": token or secrets.token_hex(16)}


def literal(value: object) -> str:
    """Return `value` as a ClickHouse string literal; the engine converts it to the setting's type."""
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def clause(settings: Mapping[str, object]) -> str:
    """Return `settings` as `SETTINGS a = '1', b = '2'`, empty when there are none; ValueError for a bad name."""
    for name in settings:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a setting")
    return "SETTINGS " + ", ".join(f"{k} = {literal(v)}" for k, v in settings.items()) if settings else ""
