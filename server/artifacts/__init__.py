"""Releases and the files that build tools upload for them."""

from __future__ import annotations

from server.artifacts.bundles import BadBundle, Manifest, manifest_of
from server.artifacts.uploads import ArtifactService, Assembled, UploadRules

__all__ = ["ArtifactService", "Assembled", "BadBundle", "Manifest", "UploadRules", "manifest_of"]
