"""Profiles: folded stacks of many profiles merged into one tree, or two trees compared."""

from __future__ import annotations

from server.profiles.service import ProfileService

__all__ = ["ProfileService"]
