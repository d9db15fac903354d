"""The schema, declared once: every table, column, dataset and field Amber has.

`TABLES` is what exists in the store, `DATASETS` is what a query may read. `project` and `issue` are fields of every
dataset that has a project or an issue; they show names and short ids, which the query layer resolves.
"""

from __future__ import annotations

from engine.schema.changes import CHANGES, CHANGES_DATASET
from engine.schema.errors import DEFAULT_ISSUE_ID, ERRORS, ERRORS_DATASET, ERRORS_HOURLY
from engine.schema.feedback import FEEDBACK, FEEDBACK_DATASET
from engine.schema.files import ATTACHMENTS, ATTACHMENTS_DATASET, REPLAYS, REPLAYS_DATASET
from engine.schema.health import CHECK_INS, CHECK_INS_DATASET, SESSIONS, SESSIONS_DATASET
from engine.schema.logs import LOGS, LOGS_DATASET
from engine.schema.mappings import DICTIONARIES, ISSUE_MAP, TEMPLATE_MAP, Dictionary
from engine.schema.metrics import METRICS, METRICS_DATASET
from engine.schema.model import Column, Dataset, Field, Kind, Table, Unit
from engine.schema.operations import ISSUES, ISSUES_DATASET, OUTCOMES, OUTCOMES_DATASET
from engine.schema.profiles import PROFILES, PROFILES_DATASET
from engine.schema.promotion import promoted_column
from engine.schema.rollups import ERRORS_VALUES_HOURLY
from engine.schema.spans import SPANS, SPANS_DATASET, TRANSACTIONS_DATASET

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        ERRORS,
        ERRORS_HOURLY,
        ERRORS_VALUES_HOURLY,
        SPANS,
        LOGS,
        METRICS,
        SESSIONS,
        CHECK_INS,
        FEEDBACK,
        ATTACHMENTS,
        REPLAYS,
        PROFILES,
        CHANGES,
        OUTCOMES,
        ISSUES,
        ISSUE_MAP,
        TEMPLATE_MAP,
    )
}

DATASETS: dict[str, Dataset] = {
    d.name: d
    for d in (
        ERRORS_DATASET,
        SPANS_DATASET,
        TRANSACTIONS_DATASET,
        LOGS_DATASET,
        METRICS_DATASET,
        SESSIONS_DATASET,
        CHECK_INS_DATASET,
        FEEDBACK_DATASET,
        ATTACHMENTS_DATASET,
        REPLAYS_DATASET,
        PROFILES_DATASET,
        CHANGES_DATASET,
        OUTCOMES_DATASET,
        ISSUES_DATASET,
    )
}

ISSUE_MAP_DICTIONARY = "issue_map"
"""Name of the dictionary over `issue_map_log`; the only one a compiled query may call itself. Others are read by
computed columns of tables alone."""

__all__ = [
    "DATASETS",
    "DEFAULT_ISSUE_ID",
    "DICTIONARIES",
    "ISSUES",
    "ISSUE_MAP",
    "ISSUE_MAP_DICTIONARY",
    "TABLES",
    "TEMPLATE_MAP",
    "Column",
    "Dataset",
    "Dictionary",
    "Field",
    "Kind",
    "Table",
    "Unit",
    "promoted_column",
]
