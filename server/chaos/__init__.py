"""Scenarios end to end: written to a folder, loaded as clients' data is, asked about, and scored against the truth."""

from __future__ import annotations
