"""Issues: what the store says about their events, by Discover texts, and what people decided, from the metadata."""

from __future__ import annotations

from server.issues.service import IssueService

__all__ = ["IssueService"]
