"""Accessibility faults of a page, found by axe-core (a development dependency of the frontend)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "dashboards" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.flatMap(({ id, nodes }) => nodes.slice(0, 5).map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
"""


@lru_cache
def _source() -> str:
    return _AXE.read_text("utf-8")


def axe_faults(page: Page) -> list[str]:
    """Return what breaks WCAG 2.1 A or AA, one line for each element; the script comes past the page's policy."""
    page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN)
    return found
