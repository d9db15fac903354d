"""The components of the pages of issues; their TypeScript is `frontend/src/issues/`."""

from __future__ import annotations

from dashboards.components import AmberComponent


class IssueList(AmberComponent):
    """The list of issues. It fetches by itself what the address asks for; `me` is the audit name of who looks."""

    props = ("me",)


class IssueHeader(AmberComponent):
    """Title, state and actions of an issue (`issue` is its document)."""

    props = ("issue", "me")


class IssueEvent(AmberComponent):
    """One event of an issue (`event` is its document), and the way to the others."""

    props = ("issue", "event")


class IssueFacts(AmberComponent):
    """Trend and counts of an issue; `step_s` is the width of a bar of the trend in seconds."""

    props = ("issue", "step_s")


class IssueTags(AmberComponent):
    """How the events of an issue (its short id) are spread over the values of their tags; fetched by itself."""

    props = ("issue",)


class IssueActivity(AmberComponent):
    """What people did about an issue, newest first."""

    props = ("activity",)
