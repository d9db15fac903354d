"""The table of muted monitors; part of `engine.metadata._tables.METADATA`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text

from engine.metadata._tables import METADATA
from engine.metadata._types import UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")

MONITOR_MUTES = Table(
    "monitor_mutes",
    METADATA,
    Column("project_id", _ID, ForeignKey("projects.id"), primary_key=True),
    Column("monitor", Text, primary_key=True),
    # `*` stands for every environment, the empty text for check-ins without one.
    Column("environment", Text, primary_key=True),
    Column("muted", Boolean, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", Text, nullable=False),
)
"""Monitors that make no issues, and those that were muted before."""
