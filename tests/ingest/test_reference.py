"""The reference pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.captures import main
from ingest.handlers.model import NATURAL_KEYS
from ingest.native.lines import known_names
from ingest.native.needs import REQUIRED, missing, with_needs_table
from ingest.normalise.remarks import REMARKS
from ingest.reference import REASONS, page
from tests.ingest.helpers import SHARED

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [p.read_text() for p in (ROOT / "ingest").rglob("*.py")]


def test_the_ingest_page_is_current() -> None:
    """Regenerate it with `python -m ingest.reference > docs/reference/ingest.md`."""
    assert (ROOT / "docs" / "reference" / "ingest.md").read_text() == page()


def test_the_page_of_native_ingest_asks_for_what_the_door_asks_for() -> None:
    """Regenerate it with `make docs`; every name of its table is one a line may use."""
    text = (ROOT / "docs" / "reference" / "native-ingest.md").read_text()
    assert with_needs_table(text) == text
    for dataset, groups in REQUIRED.items():
        told = missing(dataset, {})
        assert told in text
        names = set(re.findall(r"`([^`]+)`", told))
        assert len(names) >= len(groups[0])
        assert names <= set(known_names(dataset))


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the recorded requests (../shared/data) are not here")
def test_the_captures_page_is_current() -> None:
    """Regenerate it with `python -m ingest.captures ../shared/data/envelopes ../shared/data/event_samples`."""
    text = main([str(SHARED / "data" / "envelopes"), str(SHARED / "data" / "event_samples")])
    assert (ROOT / "docs" / "reference" / "captures.md").read_text() == text


def test_every_reason_in_the_code_is_documented() -> None:
    """And every documented reason exists."""
    found: set[str] = {"malformed", "too_large"}
    for source in SOURCES:
        found |= set(re.findall(r'reason="([a-z_]+)"', source))
        found |= set(re.findall(r'InvalidItem\("([a-z_]+)"', source))
    assert found - {"not_an_event", "otlp", "bad_request"} <= set(REASONS)


def test_every_kind_of_natural_key_has_a_letter_of_its_own() -> None:
    """Keys of two kinds that began alike could make one thing the repetition of another."""
    used = {
        letter.encode() for source in SOURCES for letter in re.findall(r'(?:natural_key|accept_once)\(b"(.)"', source)
    }
    assert used <= set(NATURAL_KEYS)


def test_every_remark_in_the_code_is_documented() -> None:
    """And every documented remark can arise."""
    used: set[str] = set()
    for source in SOURCES:
        used |= set(re.findall(r'"([a-z_.]+:[a-z_]+)"', source))
    assert used & set(REMARKS) == set(REMARKS)
    assert {r for r in used if r.split(":")[0] in {k.split(":")[0] for k in REMARKS}} <= set(REMARKS)
