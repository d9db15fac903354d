"""Scrubbing: secrets and personal data are taken out before anything but the raw spool is written."""

from __future__ import annotations

from ingest.scrub.model import FILTERED, SCRUB_REMARKS, Scrubbed, ScrubbedValues
from ingest.scrub.scrubber import Scrubber, scrubber_for

__all__ = ["FILTERED", "SCRUB_REMARKS", "Scrubbed", "ScrubbedValues", "Scrubber", "scrubber_for"]
