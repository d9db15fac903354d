"""What the query line does by itself in Chromium: findings while typing, explanations under the pointer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def _typed(page: Any, text: str) -> None:
    page.goto("/app/discover")
    page.wait_for_selector("[data-testid=result-table] .ag-row")
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


def test_a_misspelt_word_is_underlined_before_the_text_is_run(page: Any) -> None:
    """What to write instead can be chosen; the address still holds the question before."""
    _typed(page, "from errors | sumarize n=count() by level ")
    page.wait_for_selector(".cm-lintRange-error >> text=sumarize")
    assert "sumarize" not in page.url
    page.hover(".cm-lintRange-error")
    page.click(".cm-diagnosticAction")
    expect(page.locator(".cm-content").first).to_have_text(
        re.compile(r"^from errors \| summarize n=count\(\)"), use_inner_text=True
    )
    page.wait_for_selector(".cm-lintRange-error", state="detached")


def test_an_unknown_key_is_a_warning(page: Any) -> None:
    """It may be meant: it is a tag."""
    _typed(page, "enviroment:production level:error ")
    page.wait_for_selector(".cm-lintRange-warning >> text=enviroment")
    assert page.locator(".cm-lintRange-error").count() == 0


def test_nothing_is_said_about_the_word_that_is_being_typed(page: Any) -> None:
    """Half a stage is no mistake yet; the answer of the API has come when the test looks."""
    with page.expect_response("**/api/v1/query/check"):
        _typed(page, "from errors | summariz")
    page.wait_for_timeout(100)
    assert page.locator(".cm-lintRange-error").count() == 0


def test_the_pointer_over_a_word_shows_what_it_is(page: Any) -> None:
    """Name, kind and type, what it is; as text, never as markup."""
    _typed(page, "from spans span.duration:>2s ")
    page.hover(".cm-content >> text=span.duration")
    page.wait_for_selector(".query-explanation")
    card = page.inner_text(".query-explanation")
    assert card.splitlines()[0] == "span.duration"
    assert "field · duration" in card
