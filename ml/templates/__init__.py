"""Templates of messages: which of them are the same but for the parts that change."""

from __future__ import annotations

from ml.templates._drain import find_templates

__all__ = ["find_templates"]
