"""Opening the metadata database; apart from `server.compose`, so that who needs only it does not load the store."""

from __future__ import annotations

from engine.clock import Clock, SystemClock
from engine.datadir import DataDirectory
from engine.metadata import MetadataStore
from server.settings import Settings


def metadata_url(settings: Settings) -> str:
    """Return the URL of the metadata database."""
    return settings.metadata_url or DataDirectory.at(settings.data).metadata_url


def open_metadata(settings: Settings, clock: Clock | None = None) -> MetadataStore:
    """Open the metadata database and bring its schema up to date."""
    metadata = MetadataStore(metadata_url(settings), clock or SystemClock())
    metadata.upgrade()
    return metadata
