"""The waterfall in Chromium: keys, pointer, deep links, size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboards.axe import axe_faults
from tests.dashboards.browser import Site, site

pytestmark = pytest.mark.browser
SMALL, LARGE, LOOP, UNKNOWN, BROKEN = "a" * 32, "b" * 32, "f" * 32, "d" * 32, "9" * 32


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site() as one:
        yield one


def chosen(page: Page) -> Any:
    return page.get_by_role("treeitem", selected=True)


def test_keys_move_fold_open_and_go_to_errors(served: Site) -> None:
    """Keys j and k move, arrows fold and unfold, Enter opens the span, ] goes to the next failure, Escape closes."""
    with served.page(f"/app/traces/{SMALL}") as page:
        page.get_by_test_id("waterfall").wait_for()
        page.keyboard.press("j")
        expect(chosen(page)).to_contain_text("http.server POST /api/cart/checkout")
        expect(chosen(page)).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowLeft")
        expect(chosen(page)).to_have_attribute("aria-expanded", "false")
        expect(page.get_by_role("treeitem")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(chosen(page)).to_have_attribute("aria-level", "2")
        page.keyboard.press("k")
        expect(chosen(page)).to_have_attribute("aria-level", "1")
        page.keyboard.press("]")
        expect(chosen(page)).to_contain_text(re.compile("failed|errors"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("complementary", name="Span")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("complementary", name="Span")).to_have_count(0)


def test_a_link_to_a_span_lands_on_it_among_ten_thousand(served: Site) -> None:
    """The row is chosen, in sight, its drawer open; only rows in sight are in the document."""
    with served.page(f"/app/traces/{LARGE}?span={9000:016x}") as page:
        drawer = page.get_by_role("complementary", name="Span")
        expect(drawer).to_contain_text(f"{9000:016x}")
        expect(chosen(page)).to_have_count(1)
        assert page.get_by_test_id("waterfall").evaluate("box => box.scrollTop") > 0
        assert page.get_by_role("treeitem").count() < 80


def test_moving_through_ten_thousand_spans_costs_what_moving_through_few_does(served: Site) -> None:
    """Script and layout of a key press do not grow with the trace: three times the small one's at most, and 40 ms."""
    took = {}
    for trace in (SMALL, LARGE):
        with served.page(f"/app/traces/{trace}") as page:
            page.get_by_test_id("waterfall").wait_for()
            page.keyboard.press("j")
            took[trace] = page.evaluate(
                """async () => {
                  const times = [];
                  for (let n = 0; n < 25; n += 1) {
                    const start = performance.now();
                    const press = new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true });
                    document.body.dispatchEvent(press);
                    times.push(performance.now() - start);
                    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                  }
                  return times.sort((a, b) => a - b)[12];
                }"""
            )
    assert took[LARGE] < max(3 * took[SMALL], 40), took


def test_the_filter_finds_spans_and_says_how_many(served: Site) -> None:
    with served.page(f"/app/traces/{SMALL}") as page:
        box = page.get_by_role("searchbox", name="Filter spans")
        box.fill("is:error")
        expect(page.get_by_role("status").filter(has_text="of 60")).to_be_visible()
        page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text("failed")
        box.fill("no span has this")
        expect(page.get_by_role("status").filter(has_text="0 of 60")).to_be_visible()


def test_dragging_and_the_wheel_zoom_and_zero_goes_back(served: Site) -> None:
    with served.page(f"/app/traces/{SMALL}") as page:
        map_ = page.get_by_role("img", name=re.compile("^Overview"))
        whole = map_.get_attribute("aria-label")
        box = page.get_by_test_id("waterfall").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 700, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 900, box["y"] + 100, steps=4)
        page.mouse.up()
        expect(map_).not_to_have_attribute("aria-label", whole or "")
        page.keyboard.press("0")
        expect(map_).to_have_attribute("aria-label", whole or "")
        page.keyboard.down("Control")
        page.mouse.wheel(0, -100)
        page.keyboard.up("Control")
        expect(map_).not_to_have_attribute("aria-label", whole or "")
        page.get_by_role("button", name="Reset zoom").click()
        expect(map_).to_have_attribute("aria-label", whole or "")


def test_a_click_chooses_a_span_and_the_address_names_it(served: Site) -> None:
    with served.page(f"/app/traces/{SMALL}") as page:
        page.get_by_test_id("waterfall").click(position={"x": 300, "y": 22 + 24 + 12})
        expect(page.get_by_role("complementary", name="Span")).to_be_visible()
        expect(page).to_have_url(re.compile(r"span=[0-9a-f]{16}"))
        address = page.url
        page.reload()
        expect(page.get_by_role("complementary", name="Span")).to_be_visible()
        assert page.url == address


def test_errors_of_the_trace_lead_to_their_issue(served: Site) -> None:
    with served.page(f"/app/traces/{SMALL}") as page:
        page.get_by_role("button", name="1 error").click()
        page.get_by_role("link", name=re.compile("SHOP-1")).click()
        expect(page).to_have_url(re.compile("/app/issues/SHOP-1/events/"))
        expect(page.get_by_test_id("event-pager")).to_be_visible()


def test_the_table_holds_the_same_spans(served: Site) -> None:
    with served.page(f"/app/traces/{SMALL}") as page:
        page.get_by_role("button", name="Table").click()
        expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "61")
        heights = page.locator(".span-table tbody tr:not([aria-hidden])").evaluate_all(
            "rows => rows.map(r => r.offsetHeight)"
        )
        assert set(heights) == {28}
        page.get_by_role("row", name=re.compile("http.server")).get_by_role("button").click()
        expect(page.get_by_role("complementary", name="Span")).to_contain_text("POST /api/cart/checkout")


def test_a_trace_that_is_not_stored_is_explained(served: Site) -> None:
    with served.page(f"/app/traces/{UNKNOWN}", silent=False) as page:
        expect(page.get_by_role("heading", name="No span of this trace is stored")).to_be_visible()
        expect(page.get_by_role("link", name="Errors of this trace")).to_be_visible()


def test_the_waterfall_follows_the_theme_and_the_screen(served: Site) -> None:
    """On a screen of two pixels a point the canvas has twice the pixels; a dark page has a dark canvas."""
    with served.page(f"/app/traces/{SMALL}", device_scale_factor=2, color_scheme="dark") as page:
        canvas = page.locator(".waterfall canvas")
        canvas.wait_for()
        page.wait_for_timeout(200)
        facts = canvas.evaluate(
            """c => ({
              ratio: c.width / c.clientWidth,
              pixel: [...c.getContext("2d").getImageData(10, c.height - 10, 1, 1).data],
            })"""
        )
        assert facts["ratio"] == pytest.approx(2, abs=0.01)
        assert max(facts["pixel"][:3]) < 80


def test_rows_of_a_large_trace_come_when_they_are_looked_at(served: Site) -> None:
    """Scrolled to the middle, the rows there are asked for and told; the filter is answered for all of them."""
    with served.page(f"/app/traces/{LARGE}") as page:
        page.get_by_test_id("waterfall").evaluate("box => { box.scrollTop = 24 * 6000; }")
        expect(page.get_by_role("treeitem").filter(has_text="Loading")).to_have_count(0, timeout=30_000)
        expect(page.get_by_role("treeitem").first).to_contain_text("starts at")
        page.get_by_role("searchbox", name="Filter spans").fill("#9876")
        expect(page.get_by_role("status").filter(has_text="1 of 10,000")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("complementary", name="Span")).to_contain_text("#9876")


def test_like_siblings_are_one_row_that_opens(served: Site) -> None:
    """A loop of queries stands as one row with their number; its arrow shows each, the button all."""
    with served.page(f"/app/traces/{LOOP}") as page:
        group = page.get_by_role("treeitem").filter(has_text="36 like spans")
        expect(group).to_have_attribute("aria-expanded", "false")
        expect(page.get_by_role("treeitem")).to_have_count(4)
        for key in ("j", "j", "j", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("complementary", name="Span")).to_contain_text("The first of 36 like spans")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("treeitem").nth(12)).to_be_attached()
        expect(group).to_have_count(0)
    with served.page(f"/app/traces/{LOOP}?span={25:016x}") as page:
        expect(chosen(page)).to_contain_text("SELECT avg(stars)")


def test_long_attributes_come_clipped_and_whole_on_demand(served: Site) -> None:
    """Hostile and right-to-left values are text."""
    with served.page(f"/app/traces/{SMALL}?span={3:016x}") as page:
        drawer = page.get_by_role("complementary", name="Span")
        expect(drawer).to_contain_text("<script>window.hacked = 1</script>")
        drawer.get_by_role("button", name=re.compile("show all 16k characters")).click()
        expect(drawer.get_by_role("button", name=re.compile("show all 16k"))).to_have_count(0)
        assert drawer.locator(".attribute-value").nth(2).evaluate("e => e.textContent.length") == 16_000
        assert page.evaluate("window.hacked") is None


def test_logs_of_the_trace_stand_at_their_span_and_in_the_head(served: Site) -> None:
    """With their level and time; the one of the chosen span is in its drawer."""
    with served.page(f"/app/traces/{SMALL}?span={3:016x}") as page:
        expect(page.get_by_role("complementary", name="Span").get_by_role("listitem")).to_have_count(2)  # error and log
        page.get_by_role("button", name="3 logs").click()
        expect(page.locator(".span-logs").first).to_contain_text("cart opened")


def test_what_the_server_refuses_is_said_with_what_to_do(served: Site) -> None:
    with served.page(f"/app/traces/{BROKEN}", silent=False) as page:
        expect(page.get_by_text("The store is busy.")).to_be_visible()
        expect(page.get_by_text("Try again in a moment.")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("again", re.IGNORECASE))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_fault_axe_finds(served: Site, scheme: str) -> None:
    """Waterfall with drawer and table, in both themes."""
    with served.page(f"/app/traces/{SMALL}?span={3:016x}", color_scheme=scheme) as page:
        expect(page.get_by_role("complementary", name="Span")).to_contain_text("db.system")
        assert axe_faults(page) == []
        page.get_by_role("button", name="Table").click()
        page.get_by_role("table").wait_for()
        assert axe_faults(page) == []
