"""Discover in Chromium on the fake API; every test also fails on console errors and on requests to other hosts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from benchmarks.browser import Watch
from dashboards.components import declared_components

pytestmark = pytest.mark.browser


def _open(page: Any, text: str = "", **parameters: str) -> None:
    search = "&".join(f"{name}={quote(value)}" for name, value in ({"q": text} | parameters).items() if value)
    page.goto(f"/app/discover?{search}")


def _rows_stand(page: Any) -> None:
    page.wait_for_selector("[data-testid=result-table] .ag-row")


def _question(page: Any) -> str:
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def _type(page: Any, text: str) -> None:
    page.wait_for_selector(".cm-content")
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_every_component_declared_in_python_is_in_the_bundle(page: Any) -> None:
    """A page that placed another would be an empty hole."""
    page.goto("/app/")
    _rows_stand(page)
    exported = set(page.evaluate("Object.keys(window.amber_ui)"))
    assert {component.__name__ for component in declared_components()} == exported


def test_the_page_opens_with_rows_chart_and_values(page: Any) -> None:
    """Without a question it shows the newest errors; the title says where one is."""
    page.goto("/app/")
    _rows_stand(page)
    page.wait_for_selector("[data-testid=chart] canvas")
    page.wait_for_selector("[data-testid=facets] summary")
    assert page.title() == "Discover · Amber"
    page.wait_for_selector(".rows-line >> text=/^240 rows/")
    assert page.evaluate("document.documentElement.dataset.painted") is not None


def test_the_first_rows_stand_before_the_others_which_go_on_behind_them(page: Any) -> None:
    """What the reader sees at once is asked for alone; the rest is put below it, and what was scrolled to stays."""
    asked: list[dict[str, Any]] = []
    page.on("request", lambda sent: asked.append(sent.post_data_json) if sent.url.endswith("/query") else None)
    page.goto("/app/discover?q=from+errors")
    page.wait_for_selector(".rows-line >> text=/^240 rows/")
    assert [(body["limit"], body.get("after")) for body in asked] == [(200, None), (800, "200")]
    page.evaluate("document.querySelector('.ag-grid-viewport, .ag-body-viewport').scrollTop = 200000")
    page.wait_for_selector(".ag-row[row-index='239']")


def test_enter_asks_and_the_address_holds_the_question(page: Any) -> None:
    """Back and forward go through the questions one asked."""
    page.goto("/app/discover")
    _rows_stand(page)
    _type(page, "from errors | summarize n=count() by error.type")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rows-line >> text=/^5 rows/")
    assert _question(page) == "from errors | summarize n=count() by error.type"
    page.go_back()
    page.wait_for_selector(".rows-line >> text=/^240 rows/")
    expect(page.locator(".cm-content").first).to_have_text("from errors", use_inner_text=True)
    page.go_forward()
    page.wait_for_selector(".rows-line >> text=/^5 rows/")


def test_shift_enter_begins_a_line_and_asks_nothing(page: Any) -> None:
    """A long question may stand on several lines."""
    page.goto("/app/discover")
    _rows_stand(page)
    _type(page, "from errors")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("| limit 5")
    expect(page.locator(".cm-line")).to_have_count(2)
    assert _question(page) == ""


def test_an_error_is_underlined_where_it_is_and_mended_by_one_click(page: Any, watch: Watch) -> None:
    """Place and suggestion come from the API's problem document."""
    watch.refusals.add(400)
    _open(page, "from errors | sumarize n=count() by error.type")
    page.wait_for_selector("[data-testid=problem]")
    page.wait_for_selector(".cm-lintRange-error")
    expect(page.locator(".cm-lintRange-error").first).to_have_text("sumarize", use_inner_text=True)
    page.click("text=Use summarize")
    _rows_stand(page)
    assert _question(page) == "from errors | summarize n=count() by error.type"


def test_completion_offers_values_and_enter_still_runs(page: Any) -> None:
    """The list is there to choose from; Enter takes an entry only when one was chosen."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.wait_for_selector("[data-testid=facets] summary")
    _type(page, "from errors level:")
    page.wait_for_selector(".query-completions li")
    expect(page.locator(".query-completions").first).to_contain_text("error", use_inner_text=True)
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content").first).to_have_text("from errors level:error", use_inner_text=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=from%20errors%20level%3Aerror**")


def test_completion_comes_when_an_earlier_text_had_none(page: Any) -> None:
    """An empty answer that arrives late, for a text typed on since, does not end the offering."""
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.goto("/app/discover")
    _rows_stand(page)
    page.route("**/api/v1/query/complete", hold_the_first)
    with page.expect_request("**/api/v1/query/complete"):
        _type(page, "from errors lev")
    page.keyboard.type("el:")
    held[0].fulfill(json={"from": 0, "to": 0, "items": []})
    page.wait_for_selector(".query-completions li")


def test_hostile_text_is_text(page: Any) -> None:
    """Event text never becomes markup: not in the table, not in the values, not in the chart's legend."""
    _open(page, "from errors | summarize n=count() by error.type")
    _rows_stand(page)
    page.wait_for_selector(".legend button")
    expect(page.locator("[data-testid=result-table]").first).to_contain_text(
        "<script>alert(1)</script>", use_inner_text=True
    )
    expect(page.locator("[data-testid=facets]").first).to_contain_text("<script>alert(1)</script>", use_inner_text=True)
    assert page.locator("[data-testid=result-table] img, [data-testid=result-table] script").count() == 0


def test_nothing_and_the_empty_text_look_different(page: Any) -> None:
    """And numbers above 2^53 keep every digit."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.set_viewport_size({"width": 2400, "height": 900})
    page.wait_for_selector(".is-null")
    expect(page.locator(".is-null").first).to_have_text("null", use_inner_text=True)
    expect(page.locator(".is-empty").first).to_have_text('""', use_inner_text=True)
    expect(page.locator(".ag-row[row-index='2'] .is-integer")).to_have_text(
        "9,007,199,254,740,993", use_inner_text=True
    )


def test_a_cell_changes_the_question(page: Any) -> None:
    """Its menu is reached by mouse and keyboard, and the answer follows."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.click(".ag-row[row-index='1'] [col-id='2']")
    page.click("role=menuitem[name='Only this value']")
    page.wait_for_url("**error.type%3ATimeoutError**")
    page.wait_for_selector(".cm-content:has-text('error.type:TimeoutError')")


def test_a_value_is_kept_by_a_click_and_dropped_by_alt_click(page: Any) -> None:
    """The facets write into the question, where one sees it."""
    page.goto("/app/discover")
    page.click("[data-testid=facets] .facet-value:has-text('staging')")
    page.wait_for_url("**q=from%20errors%20environment%3Astaging**")
    page.click("[data-testid=facets] .facet-value:has-text('fatal')", modifiers=["Alt"])
    page.wait_for_url(re.compile("!level%3Afatal"))


def test_a_slow_question_shows_how_far_it_is_and_can_be_cancelled(page: Any) -> None:
    """Before there are rows nothing says that there are none."""
    _open(page, "from errors slow")
    page.wait_for_selector("progress")
    expect(page.locator(".progress").first).to_contain_text("3.2M of 10M rows", use_inner_text=True)
    assert page.locator("text=Nothing matched").count() == 0
    page.click("[data-testid=cancel]")
    page.wait_for_selector("text=Run it again")


def test_only_the_newest_answer_is_shown(page: Any) -> None:
    """A slow answer that comes after a newer question does not replace it."""
    _open(page, "from errors slow")
    page.wait_for_selector(".cm-content")
    _type(page, "from errors | summarize n=count() by error.type")
    page.keyboard.press("Enter")
    _rows_stand(page)
    page.wait_for_timeout(1200)
    expect(page.locator(".rows-line").first).to_have_text(re.compile(r"^5 rows"), use_inner_text=True)


def test_ten_thousand_rows_scroll_and_sort(page: Any) -> None:
    """Truncation is said; the sort says that it is of the rows that are here."""
    _open(page, "from errors many")
    _rows_stand(page)
    page.wait_for_selector(".rows-line >> text=First 1,000 rows; more match.")
    page.click("text=Load up to 10,000")
    page.wait_for_selector(".rows-line >> text=/^10,000 rows/")
    page.click(".ag-header-cell:has-text('error.type')")
    page.wait_for_selector("text=Sorted here by")
    page.evaluate("document.querySelector('.ag-grid-viewport, .ag-body-viewport').scrollTop = 200000")
    page.wait_for_selector(".ag-row[row-index='7150']")


def test_no_rows_teach_and_offer_a_wider_range(page: Any) -> None:
    """An empty answer is a place to learn from."""
    _open(page, "from errors nothing")
    page.wait_for_selector("text=Nothing matched")
    page.click(".empty-actions >> text=Last 7 days")
    page.wait_for_url("**range=7d**")
    page.wait_for_selector("text=Nothing matched")
    page.click(".examples >> text=What fails most?")
    _rows_stand(page)


def test_dragging_over_the_chart_sets_the_time(page: Any) -> None:
    """Whole buckets, as an absolute range in the address and the bar."""
    page.goto("/app/discover")
    page.wait_for_selector("[data-testid=chart] .u-over")
    _rows_stand(page)
    box = page.locator("[data-testid=chart] .u-over").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 60, steps=5)
    page.mouse.up()
    page.wait_for_url("**start=2026-02-28T**")
    assert re.search(r"Feb 28, \d\d:\d\d", page.inner_text(".bar"))


def test_the_rows_leave_as_a_file_exactly_as_the_api_gave_them(page: Any) -> None:
    """JSON and CSV of the answer, made in the browser."""
    _open(page, "from errors | summarize n=count() by error.type")
    _rows_stand(page)
    page.click("[aria-label='Download the rows']")
    with page.expect_download() as download:
        page.click("text=Download JSON")
    rows = json.loads(Path(download.value.path()).read_text())
    assert rows[0] == {"error.type": "ZeroDivisionError", "n": 4000, "users": 310}


def test_a_shared_link_says_exactly_this_time(page: Any) -> None:
    """Relative ranges go stale; the first choice of the menu does not."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.click("text=Share")
    page.click("text=Copy a link to exactly this time")
    page.wait_for_selector("[data-testid=toast]")
    link = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(link).query)["end"] == ["2026-03-01T12:00:00Z"]


def test_projects_and_time_go_along_to_other_pages(page: Any) -> None:
    """Without loading the document anew; what belongs to the page stays behind."""
    _open(page, "from errors", project="shop", range="7d")
    _rows_stand(page)
    page.evaluate("window.sameDocument = true")
    page.click("nav >> text=Issues")
    page.wait_for_url("**/app/issues?project=shop&range=7d")
    assert page.evaluate("window.sameDocument") is True
    page.go_back()
    _rows_stand(page)
    assert _question(page) == "from errors"


def test_keys_go_places_but_not_while_one_types(page: Any) -> None:
    """`?` lists what there is, `/` goes to the question, letters in the question are letters."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.wait_for_selector(".cm-content")
    page.keyboard.press("?")
    page.wait_for_selector("text=Keyboard shortcuts")
    expect(page.locator("dialog").first).to_contain_text("Go to Issues", use_inner_text=True)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type(" gi?")
    expect(page.locator(".cm-content").first).to_have_text(re.compile(r"gi\?$"), use_inner_text=True)
    assert urlsplit(page.url).path == "/app/discover"


def test_two_keys_go_to_a_page(page: Any) -> None:
    """And the focus goes to its content, so that a screen reader begins there."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/app/issues")
    page.wait_for_selector("nav [aria-current=page] >> text=Issues")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_signing_out_ends_the_session_and_forgets_the_questions(page: Any, watch: Watch) -> None:
    """The next one at this browser sees neither."""
    watch.refusals.add(404)  # the fake may have no page to sign in
    page.goto("/app/discover")
    _rows_stand(page)
    _type(page, "from errors a secret")
    page.keyboard.press("Enter")
    page.wait_for_url("**secret**")
    assert "a secret" in page.evaluate("localStorage.getItem('amber.queries')")
    page.click("[aria-label^='Account']")
    with page.expect_request(lambda request: request.method == "DELETE" and request.url.endswith("/session")):
        page.click("text=Sign out")
    page.wait_for_url("**/login**")
    assert page.evaluate("localStorage.getItem('amber.queries')") is None


def test_an_ended_session_shows_the_way_back(page: Any, watch: Watch) -> None:
    """The link of the dialog comes back to the same address."""
    watch.refusals.add(401)
    _open(page, "from errors expired")
    page.wait_for_selector("text=Your session has ended")
    target = parse_qs(urlsplit(page.get_attribute("dialog a", "href")).query)["next"][0]
    assert target == "/app/discover?q=from%20errors%20expired"


def test_the_theme_is_kept_by_the_document(page: Any) -> None:
    """Dark once chosen, before anything is drawn."""
    page.goto("/app/discover")
    _rows_stand(page)
    page.click("[aria-label=Theme]")
    page.click("text=Dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"


def test_an_unknown_address_says_so_inside_the_frame(page: Any) -> None:
    """With a way on."""
    page.goto("/app/nowhere")
    page.wait_for_selector("text=There is no such page")
    assert page.title() == "Not found · Amber"
    page.click("main >> text=Go to Discover")
    _rows_stand(page)


def test_the_page_holds_at_seven_hundred_pixels(page: Any) -> None:
    """Nothing hangs over the edge, the values stay one key away."""
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto("/app/discover")
    _rows_stand(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.locator("[data-testid=facets]").count() == 0
    page.click("[aria-label='Show the values']")
    page.wait_for_selector("[data-testid=facets] summary")
