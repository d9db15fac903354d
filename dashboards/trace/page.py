"""Traces and one of them: their components ask the API by themselves, so the server only places them."""

from __future__ import annotations

import re
from typing import Final

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView
from engine.errors import NotFound

_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")


class Traces(AmberComponent):
    """The requests a search finds, one row a trace."""

    props = ()


class TraceView(AmberComponent):
    """The waterfall of a trace with a drawer for the chosen span; `span` of the address is the span it lands on."""

    props = ("trace_id",)


def render_list(_request: PageRequest) -> PageView:
    """Return the list."""
    return PageView(Traces(id="traces"), "Traces")


def render(request: PageRequest) -> PageView:
    """Return the page.

    Raises:
        NotFound: the address holds no trace id.
    """
    sent = request.parts["trace"]
    trace_id = sent.lower().replace("-", "")
    if not _TRACE_ID.fullmatch(trace_id):
        raise NotFound(f"{sent[:100]!r} is no trace id.", code="trace-id-invalid", hint="A trace id is 32 hex digits.")
    return PageView(TraceView(id="trace", trace_id=trace_id), f"Trace {trace_id[:8]}")


LIST = Page("traces", ("/traces",), "Traces", render_list)
PAGE = Page("trace", ("/traces/<trace>",), "Trace", render, rail="traces")
