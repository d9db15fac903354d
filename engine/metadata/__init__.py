"""The metadata database: the truth about tenants, keys, tokens, issues and settings."""

from __future__ import annotations

from engine.metadata._database import MetadataUnavailable
from engine.metadata.rows import (
    IssueRow,
    KeyRow,
    MappingRow,
    NewIssue,
    OrganisationRow,
    OutboxRow,
    ProjectRow,
    TokenRow,
    UserRow,
)
from engine.metadata.store import MetadataStore

__all__ = [
    "IssueRow",
    "KeyRow",
    "MappingRow",
    "MetadataStore",
    "MetadataUnavailable",
    "NewIssue",
    "OrganisationRow",
    "OutboxRow",
    "ProjectRow",
    "TokenRow",
    "UserRow",
]
