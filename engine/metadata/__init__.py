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
from engine.metadata.job_rows import JobEnd, JobRow
from engine.metadata.people_rows import (
    KeyRow,
    OrganisationRow,
    ProjectRow,
    RoleRow,
    SessionRow,
    TeamRow,
    TokenRow,
    UserRow,
)
from engine.metadata.rows import (
    AuditEntry,
    AuditRow,
    AuditVerdict,
    IssueChange,
    IssueMove,
    IssueRow,
    LearntTemplates,
    MappingRow,
    NewIssue,
    OutboxRow,
    TemplateMappingRow,
    WorkflowNews,
)
from engine.metadata.saved_rows import DefaultView, SavedQueryRow, SavedQueryText, SavedQueryWanted
from engine.metadata.store import MetadataStore

__all__ = [
    "AuditEntry",
    "AuditRow",
    "AuditVerdict",
    "Author",
    "DecisionRow",
    "DefaultView",
    "IssueChange",
    "IssueMove",
    "IssueRow",
    "JobEnd",
    "JobRow",
    "KeyRow",
    "LearntTemplates",
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
    "TemplateMappingRow",
    "TokenRow",
    "UserRow",
    "Verdict",
    "WorkflowNews",
]
