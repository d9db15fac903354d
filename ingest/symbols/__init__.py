"""Source maps: minified frames of JavaScript back to what people wrote."""

from __future__ import annotations

from ingest.symbols.events import PROBLEMS, Problem, Symbolicator
from ingest.symbols.maps import SourceMaps
from ingest.symbols.ports import ArtifactIndex

__all__ = ["PROBLEMS", "ArtifactIndex", "Problem", "SourceMaps", "Symbolicator"]
