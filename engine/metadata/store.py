"""The metadata store: what people, keys, issues and settings there are. SQLite or PostgreSQL, by URL."""

from __future__ import annotations

from engine.metadata._upgrade import check_revision, upgrade_schema
from engine.metadata.stores.access import AccessStore
from engine.metadata.stores.artifacts import ArtifactStore
from engine.metadata.stores.audit import AuditStore
from engine.metadata.stores.commits import CommitStore
from engine.metadata.stores.issues import IssueStore
from engine.metadata.stores.jobs import JobStore
from engine.metadata.stores.log_templates import LogTemplateStore
from engine.metadata.stores.monitors import MonitorStore
from engine.metadata.stores.ownership import OwnershipStore
from engine.metadata.stores.people import PeopleStore
from engine.metadata.stores.projects import ProjectStore
from engine.metadata.stores.reports import ReportStore
from engine.metadata.stores.saved import SavedQueryStore
from engine.metadata.stores.settings import SettingStore
from engine.metadata.stores.suggestions import SuggestionStore
from engine.metadata.stores.views import DefaultViewStore


class MetadataStore(
    ProjectStore,
    PeopleStore,
    AccessStore,
    IssueStore,
    SuggestionStore,
    SavedQueryStore,
    DefaultViewStore,
    ArtifactStore,
    JobStore,
    CommitStore,
    OwnershipStore,
    LogTemplateStore,
    MonitorStore,
    ReportStore,
    SettingStore,
    AuditStore,
):
    """One metadata database. Every method is one short transaction and may be called from any thread.

    Writes of what people manage take an `audit` entry and store it in their own transaction; without one it is the
    program itself that writes.
    """

    @property
    def url(self) -> str:
        """The URL without its password."""
        return self._database.url

    def upgrade(self) -> None:
        """Bring the schema up to date; safe to call from several processes at once.

        Raises:
            StateError: the database was written by a newer Amber.
        """
        upgrade_schema(self._database)

    def health(self) -> None:
        """Return when the database answers and has the schema of this version.

        Raises:
            MetadataUnavailable: it does not answer.
            StateError: it has another schema.
        """
        check_revision(self._database)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
