"""The metadata database: the truth about tenants, people, keys, tokens, issues, settings and the audit."""

from __future__ import annotations

from engine.metadata._database import MetadataUnavailable
from engine.metadata.decisions import (
    Author,
    DecisionRow,
    Move,
    NewSuggestion,
    SuggestionRow,
    Verdict,
)
from engine.metadata.rows import (
    AuditEntry,
    AuditRow,
    AuditVerdict,
    IssueChange,
    IssueRow,
    JobEnd,
    JobRow,
    KeyRow,
    MappingRow,
    NewIssue,
    OrganisationRow,
    OutboxRow,
    ProjectRow,
    RoleRow,
    SavedQueryRow,
    SavedQueryText,
    SavedQueryWanted,
    SessionRow,
    TeamRow,
    TokenRow,
    UserRow,
)
from engine.metadata.store import MetadataStore

__all__ = [
    "AuditEntry",
    "AuditRow",
    "AuditVerdict",
    "Author",
    "DecisionRow",
    "IssueChange",
    "IssueRow",
    "JobEnd",
    "JobRow",
    "KeyRow",
    "MappingRow",
    "MetadataStore",
    "MetadataUnavailable",
    "Move",
    "NewIssue",
    "NewSuggestion",
    "OrganisationRow",
    "OutboxRow",
    "ProjectRow",
    "RoleRow",
    "SavedQueryRow",
    "SavedQueryText",
    "SavedQueryWanted",
    "SessionRow",
    "SuggestionRow",
    "TeamRow",
    "TokenRow",
    "UserRow",
    "Verdict",
]
