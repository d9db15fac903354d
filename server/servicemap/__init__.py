"""The service map: who calls whom, with rate, errors and durations of each."""

from __future__ import annotations

from server.servicemap.service import ServiceMap

__all__ = ["ServiceMap"]
