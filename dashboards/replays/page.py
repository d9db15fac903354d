"""Replays: their components ask the API by themselves, so the server only places them."""

from __future__ import annotations

import re
from typing import Final

from dashboards.components import AmberComponent
from dashboards.pages import Page, PageRequest, PageView
from engine.errors import NotFound

_REPLAY_ID: Final = re.compile(r"[0-9a-f]{32}")


class ReplayList(AmberComponent):
    """The recordings of the time range, with what went wrong in each."""

    props = ()


class ReplayView(AmberComponent):
    """A recording in its own frame, with one time line and what happened as a list."""

    props = ("replay",)


def render_list(_request: PageRequest) -> PageView:
    """Return the list."""
    return PageView(ReplayList(id="replays"), "Replays")


def render(request: PageRequest) -> PageView:
    """Return the page of a replay.

    Raises:
        NotFound: the address holds no replay id.
    """
    sent = request.parts["replay"]
    replay = sent.lower().replace("-", "")
    if not _REPLAY_ID.fullmatch(replay):
        raise NotFound(
            f"{sent[:100]!r} is no replay id.", code="replay-id-invalid", hint="A replay id is 32 hex digits."
        )
    return PageView(ReplayView(id="replay", replay=replay), f"Replay {replay[:8]}")


LIST = Page("replays", ("/replays",), "Replays", render_list)
ONE = Page("replay", ("/replays/<replay>",), "Replay", render, rail="replays")
