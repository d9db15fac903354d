"""Everything that can be managed: each call decides, then writes and audits in one transaction."""

from __future__ import annotations

from iam.administration.audit import AuditPart
from iam.administration.people import PeoplePart
from iam.administration.projects import ProjectPart
from iam.administration.teams import TeamPart
from iam.administration.tokens import TokenPart
from iam.administration.views import ViewPart

__all__ = ["Administration"]


class Administration(ProjectPart, TeamPart, PeoplePart, TokenPart, ViewPart, AuditPart):
    """Managed things and the rules around them. Safe to call from many threads.

    The rules beyond `decide`: an organisation keeps an owner; nobody grants a role above their own, or touches who
    has one; nobody locks themselves out; a token never carries more than its maker has.

    Every method may raise Denied (the principal may not; the message says what is needed), NotFound (it does not exist
    or may not be seen; both read the same), Changed (`if_version` is not the present `row_version`) and UserError
    (values that cannot be). `if_version` None overwrites whatever there is.

    Args:
        metadata: what is managed.
        clock: what tells the time.
    """
