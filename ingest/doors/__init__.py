"""The doors of Sentry's protocol: one module for each way in, and the table of all their endpoints."""

from __future__ import annotations

from ingest.doors.attached import ATTACHED
from ingest.doors.cron import CRON
from ingest.doors.envelopes import ENVELOPES, tunnels
from ingest.doors.reports import REPORTS
from ingest.endpoints import Endpoint

SENTRY_ENDPOINTS: tuple[Endpoint, ...] = (*ENVELOPES, *REPORTS, *ATTACHED, *CRON)

__all__ = ["SENTRY_ENDPOINTS", "tunnels"]
