"""Source maps and debug files: minified and native frames back to what people wrote."""

from __future__ import annotations

from ingest.symbols.events import PROBLEMS, Problem, Symbolicator, symbolicator
from ingest.symbols.maps import SourceMaps
from ingest.symbols.native import NativeFiles
from ingest.symbols.ports import ArtifactIndex

__all__ = ["PROBLEMS", "ArtifactIndex", "NativeFiles", "Problem", "SourceMaps", "Symbolicator", "symbolicator"]
