"""What symbolication needs of the rest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.artifacts import ArtifactFile


class ArtifactIndex(Protocol):
    """Says which files were uploaded; `engine.metadata.MetadataStore` is one."""

    def files_by_debug_id(self, project_id: int, debug_id: str, up_to: int | None = None) -> list[ArtifactFile]:
        """Return the files of a debug id (32 hex digits), of bundles up to a number, the newest bundle's first."""
        ...

    def files_by_url(
        self, project_id: int, release_dist: tuple[str, str], urls: Collection[str], up_to: int | None = None
    ) -> list[ArtifactFile]:
        """Return the files of a release and dist under any of the URLs, the newest bundle's first."""
        ...
