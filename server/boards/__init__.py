"""Dashboards as documents: what one may hold, how it is kept, exported and imported, and those one can start from."""

from __future__ import annotations
