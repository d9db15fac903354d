"""The table of default views; part of `engine.metadata._tables.METADATA`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from engine.metadata._tables import METADATA
from engine.metadata._types import UtcTime

_ID = BigInteger().with_variant(Integer, "sqlite")

DEFAULT_VIEWS = Table(
    "default_views",
    METADATA,
    Column("page", Text, primary_key=True),
    # 0 stands for several projects, and for everybody: neither is a row another table could hold.
    Column("project_id", _ID, primary_key=True, autoincrement=False),
    Column("user_id", _ID, primary_key=True, autoincrement=False),
    Column("view_id", _ID, ForeignKey("saved_queries.id"), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)
"""With which view a page begins: for a project, for a person."""
