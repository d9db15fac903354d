"""docs/explanation/access.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

from iam import ACTIONS, SCOPES, Role
from iam.reference import access_page

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "access.md"


def test_the_page_is_made_from_the_tables() -> None:
    """Regenerate it with `python -m iam.reference > docs/explanation/access.md`."""
    assert PAGE.read_text(encoding="utf-8") == access_page()


def test_every_action_scope_and_role_is_on_it() -> None:
    """Nothing that is declared is left out of the page."""
    text = access_page()
    for name in (*ACTIONS, *SCOPES):
        assert f"`{name}`" in text
    for role in Role:
        assert role in text
