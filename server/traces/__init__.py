"""Traces: the spans of one trace as a tree, in columns."""

from __future__ import annotations

from server.traces.service import TraceService

__all__ = ["TraceService"]
