"""The generated fields reference."""

from __future__ import annotations

from pathlib import Path

from engine.reference import fields_page
from engine.schema import DATASETS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fields.md"


def test_the_committed_page_is_what_the_schema_says() -> None:
    """After a change of the schema, `python -m engine.reference` must be run."""
    assert PAGE.read_text() == fields_page()


def test_every_field_of_every_dataset_is_on_the_page() -> None:
    """No field and no other name of it is left out."""
    page = fields_page()
    for dataset in DATASETS.values():
        for field in dataset.fields:
            assert all(f"`{name}`" in page for name in (field.name, *field.aliases))
