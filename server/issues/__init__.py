"""Issues: what the store says about their events, by Discover texts, and what people decided, from the metadata."""

from __future__ import annotations

from server.issues.releases import ReleaseBook
from server.issues.service import IssueService
from server.issues.workflow import Workflow

__all__ = ["IssueService", "ReleaseBook", "Workflow"]
