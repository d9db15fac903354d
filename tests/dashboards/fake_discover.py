"""Answers for Discover."""

from __future__ import annotations

from flask import Blueprint


def routes() -> Blueprint:
    """Return the routes that ask."""
    return Blueprint("fake_discover", __name__, url_prefix="/api/v1")
