"""Entry point of the child processes: `python -m server.roles NAME` with a launch order on standard input.

The name is for the list of processes; the order says what to do.

Each role's module is imported when the role is known: the ingest process must not carry the store's engine and the
compiler, which are 400 MB and a second of start-up.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable

import structlog

from engine.errors import AmberError, CapacityError, StateError, UserError
from server.control import ParentLink, Report, bind_to_parent
from server.imports import unwalked
from server.logging import configure_logging
from server.settings import Settings, settings_from_values

RoleMain = Callable[[ParentLink, Settings], None]

_MODULES = {
    "web": "server.web_role",
    "ingest": "server.ingest_role",
    "normaliser": "server.normaliser_role",
    "demo": "server.demo_role",
}


def main() -> None:
    """Play the role the order names; exits 0 after an orderly stop, 1 after a failure it has reported."""
    # Unbuffered: a thread that waits in a buffered reader holds its lock when the interpreter ends.
    link = ParentLink(os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0))
    order = link.order
    bind_to_parent(order.parent_pid, hard=order.role != "demo")
    settings = settings_from_values(order.settings)
    configure_logging(order.role, level=settings.log_level, style=settings.log_format)
    log = structlog.stdlib.get_logger(__name__)
    try:
        _load_role(order.role)(link, settings)
    except AmberError as error:
        log.error("role failed", code=error.code, reason=error.message)  # noqa: TRY400 - the reason is the text
        link.report(_failure(error))
        sys.exit(1)
    except Exception:
        log.exception("role failed")
        reason = traceback.format_exc(limit=1).splitlines()[-1]
        hint = "This is a defect in Amber; the log above has the details."
        link.report(Report("failed", code="internal", message=f"The {order.role} process failed: {reason}", hint=hint))
        sys.exit(1)


def _load_role(name: str) -> RoleMain:
    with unwalked():
        role: RoleMain = importlib.import_module(_MODULES[name]).run
    return role


def _failure(error: AmberError) -> Report:
    kinds = (StateError, UserError, CapacityError)
    kind = next((kind.__name__ for kind in kinds if isinstance(error, kind)), "")
    return Report("failed", code=error.code, message=error.message, hint=error.hint, facts={"kind": kind})


if __name__ == "__main__":
    main()
