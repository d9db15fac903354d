"""Saved queries, parameters, SQL and pasted addresses of Sentry on the Discover page, in Chromium on the fake API."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from benchmarks.browser import Watch
from tests.dashboards.fake_saved import SENTRY_TEXT

pytestmark = pytest.mark.browser
NARROW = {"width": 420, "height": 800}


def _open(page: Any, **parameters: str) -> None:
    page.goto("/app/discover?" + "&".join(f"{name}={quote(value)}" for name, value in parameters.items()))


def _rows_stand(page: Any) -> None:
    page.wait_for_selector("[data-testid=result-table] .ag-row")


def _address(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def _text(page: Any) -> str:
    text: str = page.inner_text(".cm-content")
    return text


def _type(page: Any, text: str) -> None:
    page.wait_for_selector(".cm-content")
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def _list(page: Any) -> Any:
    page.click("button[title='Open a saved query']")
    page.wait_for_selector("[data-testid=saved-list] .saved-item")
    return page.locator("[data-testid=saved-list]")


def test_a_saved_query_is_found_and_opened(page: Any) -> None:
    """The list is searched as one types; opening puts text and number into the address."""
    _open(page, q="from errors")
    _rows_stand(page)
    found = _list(page)
    assert found.locator(".saved-item").count() > 3
    found.locator("input[type=search]").fill("worst")
    expect(page.locator(".saved-item")).to_have_count(1)
    found.locator(".saved-open").click()
    page.wait_for_selector("[data-testid=saved-line] >> text=Worst issues")
    page.wait_for_selector(".rows-line >> text=/^5 rows/")
    assert _address(page)["saved"] == "1"
    assert _text(page) == "from errors | summarize n=count() by error.type"
    assert page.locator("[data-testid=saved-line] .badge").count() == 0


def test_a_link_to_a_saved_query_opens_its_text(page: Any) -> None:
    """An address with the number alone is enough; the text then stands in it."""
    _open(page, saved="1")
    page.wait_for_selector(".rows-line >> text=/^5 rows/")
    assert _address(page)["q"] == "from errors | summarize n=count() by error.type"
    page.go_back()
    assert page.url.endswith("about:blank")


def test_a_changed_text_is_saved_as_a_new_version_and_an_old_one_restored(page: Any) -> None:
    """`edited` shows until it is saved; the versions show who wrote what."""
    _open(page, saved="1")
    page.wait_for_selector("[data-testid=saved-line]")
    _type(page, "from errors | limit 3")
    page.wait_for_selector("[data-testid=saved-line] >> text=edited")
    page.click(".toolbar >> role=button[name='Save']")
    page.wait_for_selector("dialog >> text=Save a new version")
    page.click("dialog >> text=/^Save version/")
    page.wait_for_selector("[data-testid=saved-line] >> text=version 3")
    page.click("[data-testid=saved-line] >> text=Versions")
    page.wait_for_selector(".saved-versions [role=menuitem]")
    expect(page.locator(".saved-versions [role=menuitem]")).to_have_count(3)
    page.click(".saved-versions [role=menuitem] >> nth=2")
    page.wait_for_selector("[data-testid=saved-line] >> text=version 1 of 3")
    assert _address(page)["version"] == "1"
    page.click("text=Restore this version")
    page.wait_for_selector("[data-testid=saved-line] >> text=version 4")
    assert "by environment" in _text(page)


def test_a_question_is_saved_under_a_name(page: Any) -> None:
    """With the types of its parameters, shared with a team one is in; then the address names it."""
    _open(page, q="from errors | where level = $level", **{"var.level": "string:fatal"})
    page.wait_for_selector(".rows-line >> text=/^1 row/")
    page.click(".toolbar >> role=button[name='Save']")
    page.fill("dialog input >> nth=0", "Mine")
    assert page.input_value("[aria-label='Default of $level']") == "fatal"
    page.select_option("[aria-label='Type of $level']", "number")
    page.fill("[aria-label='Default of $level']", "5")
    shared = page.get_by_label("Who may read and run it")
    shared.select_option("team:payments")
    expect(shared.locator("option")).to_have_text(["Only me", "The team Payments", "Everybody in the organisation"])
    page.click("dialog footer >> text=Save")
    page.wait_for_selector("[data-testid=saved-line] >> text=Mine")
    expect(_list(page).locator(".saved-item", has_text="Mine").locator(".badge")).to_have_text(["team payments"])
    assert int(_address(page)["saved"]) > 4
    assert _address(page)["var.level"] == "number:5"


def test_a_refused_save_says_why_and_keeps_what_was_typed(page: Any, watch: Watch) -> None:
    """In the dialog, with the code to quote."""
    watch.refusals.add(400)
    _open(page, q="from errors")
    _rows_stand(page)
    page.click(".toolbar >> role=button[name='Save']")
    page.fill("dialog input >> nth=0", "taken")
    page.click("dialog footer >> text=Save")
    page.wait_for_selector("dialog .problem >> text=already a saved query")
    assert page.input_value("dialog input >> nth=0") == "taken"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_parameters_are_asked_for_and_bound(page: Any) -> None:
    """Nothing is asked until each has a value; the address keeps values with their types."""
    _open(page, saved="2")
    page.wait_for_selector("[data-testid=lacking] >> text=$level")
    expect(page.locator(".parameters select")).to_have_count(0)
    page.fill("[aria-label='$level']", "fatal")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rows-line >> text=/^1 row/")
    assert _address(page)["var.level"] == "string:fatal"
    assert page.locator("[data-testid=lacking]").count() == 0


def test_a_star_marks_a_query_and_the_list_shows_only_those(page: Any) -> None:
    """Given and taken at once."""
    _open(page, q="from errors")
    _rows_stand(page)
    found = _list(page)
    page.click("[aria-label='Star By level']")
    page.wait_for_selector("[aria-label='Take the star from By level']")
    page.click("[aria-label='Only starred ones']")
    expect(page.locator(".saved-item")).to_have_count(2)
    assert sorted(found.locator(".saved-name strong").all_inner_texts()) == ["By level", "In SQL"]


def test_deleting_asks_once_more(page: Any) -> None:
    """The second press deletes; what one may not change has no such button."""
    _open(page, q="from errors")
    _rows_stand(page)
    found = _list(page)
    before = found.locator(".saved-item").count()
    assert found.locator("[aria-label^='Delete']").count() == before - 1
    page.click("[aria-label='Delete In SQL']")
    page.click("text='Delete?'")
    expect(page.locator(".saved-item")).to_have_count(before - 1)


def test_states_of_the_list_say_what_is_the_matter(page: Any, watch: Watch) -> None:
    """Nothing found, and a failure with its code."""
    watch.refusals.add(503)
    _open(page, q="from errors")
    _rows_stand(page)
    found = _list(page)
    found.locator("input[type=search]").fill("no such name")
    page.wait_for_selector("text=No saved query is called so.")
    found.locator("input[type=search]").fill("broken")
    page.wait_for_selector("[data-testid=saved-list] .problem >> text=metadata-unavailable")


def test_a_saved_query_that_is_gone_is_told_and_the_text_stands(page: Any, watch: Watch) -> None:
    """A link may outlive what it names."""
    watch.refusals.add(404)
    _open(page, saved="99", q="from errors")
    _rows_stand(page)
    page.wait_for_selector(".ask .problem >> text=gone, or it is not shared")


def test_sql_has_its_colours_its_tables_and_its_errors(page: Any, watch: Watch) -> None:
    """No chart and no values beside it; a refusal is underlined in its place; Discover has its text of before."""
    watch.refusals.add(400)
    _open(page, q="from errors level:error")
    _rows_stand(page)
    page.click("role=button[name='SQL']")
    page.wait_for_selector(".rows-line >> text=/^1 row/")
    assert _address(page)["lang"] == "sql"
    expect(page.locator(".sql-tables").first).to_contain_text("errors", use_inner_text=True)
    assert page.locator("[data-testid=chart], [data-testid=facets]").count() == 0
    assert page.locator(".cm-line span").count() > 3
    _type(page, "SELECT * FROM system.tables")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cm-lintRange-error >> text=system.tables")
    page.wait_for_selector("text=tables are named without a database")
    page.click("role=button[name='Discover']")
    _rows_stand(page)
    assert _text(page) == "from errors level:error"
    assert "lang" not in _address(page)


def test_a_pasted_address_of_sentry_becomes_a_text(page: Any, watch: Watch) -> None:
    """It is asked at once, and what was left out is said; another text is pasted as it is."""
    watch.refusals.add(400)
    _open(page, q="from errors")
    _rows_stand(page)
    _paste(page, "https://acme.sentry.io/organizations/acme/discover/results/?field=title&field=count()")
    page.wait_for_selector(".rows-line >> text=/^5 rows/")
    assert _address(page)["q"] == SENTRY_TEXT
    page.wait_for_selector("text=frobnicate() is left out")
    _paste(page, "https://acme.sentry.io/organizations/acme/discover/results/?field=nonsense")
    page.wait_for_selector("text=This is no URL of a query of Sentry.")
    assert _text(page) == SENTRY_TEXT
    _paste(page, "level:error")
    expect(page.locator(".cm-content")).to_contain_text("level:error")


def _paste(page: Any, text: str) -> None:
    page.wait_for_selector(".cm-content")
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.querySelector(".cm-content").dispatchEvent(event);
        }""",
        text,
    )


@pytest.fixture(params=["light", "dark"])
def theme(request: Any, page: Any) -> str:
    """The page in a theme, as narrow as a telephone."""
    page.emulate_media(color_scheme=request.param)
    page.set_viewport_size(NARROW)
    shade: str = request.param
    return shade


def test_a_narrow_page_shows_all_of_it(page: Any, theme: str) -> None:
    """Nothing sticks out at the side: the toolbar wraps, the list fits."""
    _open(page, saved="2")
    page.wait_for_selector("[data-testid=lacking]")
    _list(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"], theme
    box = page.locator("[data-testid=saved-list]").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW["width"]
