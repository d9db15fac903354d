"""`amber ml evaluate --chaos`: root causes of made-up systems, end to end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from engine.errors import UserError
from ml.chaos import Settings
from ml.evaluate import Row
from server.chaos.folder import default_end
from server.logging import configure_logging

if TYPE_CHECKING:
    from server.chaos.scoring import Answer
    from server.rca.service import Finding

_MOST_SEEDS: Final = 10_000


def seeds_of(text: str) -> range:
    """Return the seeds of `FIRST:LAST`, both included, or of one number.

    Raises:
        UserError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,12})(?::(\d{1,12}))?", text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < first + _MOST_SEEDS:
        raise UserError(f"{text!r} is no range of seeds.", code="seeds-invalid", hint="Write FIRST:LAST, such as 1:50.")
    return range(first, last + 1)


def chaos_rows(text: str, details: Path | None, told: Callable[[str], None]) -> list[Row]:
    """Return the figures of a range of seeds.

    Args:
        text: the range.
        details: a file that gets a line of JSON for each seed: what was asked, answered and true.
        told: shown the progress.
    """
    seeds = seeds_of(text)
    configure_logging("cli", level="warning", style="auto")
    # Start-up time: the compiler and the store are for this task only.
    from server.chaos.evaluation import answers, detail  # noqa: PLC0415
    from server.chaos.scoring import rows  # noqa: PLC0415

    findings: dict[int, Finding] = {}
    made: list[Answer] = []
    with ExitStack() as stack:
        file = stack.enter_context(details.open("w", encoding="utf-8")) if details is not None else None

        def show(seed: int, what: str) -> None:
            told(f"seed {seed}, {len(made)} of {len(seeds)} done: {what}")

        for answer in answers(seeds, Settings(0, default_end(datetime.now(UTC))), show, findings.__setitem__):
            made.append(answer)
            _write(file, detail(answer, findings.pop(answer.seed)))
    return list(rows(made))


def _write(file: IO[str] | None, detail: dict[str, object]) -> None:
    if file is not None:
        file.write(json.dumps(detail) + "\n")
        file.flush()
