"""Watching a running query: a progress bar after a moment, and cancelling on interrupt."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from amber._transport import Progress, QueryRequest, RawResult, Transport

if TYPE_CHECKING:
    import rich.progress

SHOW_AFTER_S = 0.7
_POLL_S = 0.25
_CANCEL_WAIT_S = 3.0


class Display(Protocol):
    """Somewhere to show progress."""

    def show(self, progress: Progress) -> None:
        """Shows or updates."""
        ...

    def close(self) -> None:
        """Takes the display away."""
        ...


def run_watched(transport: Transport, request: QueryRequest, new_display: Callable[[], Display | None]) -> RawResult:
    """Runs a query in a thread of its own while this one shows progress and stays interruptible.

    Args:
        transport: answers the query.
        request: the query.
        new_display: makes the display once the query has run for `SHOW_AFTER_S`; None shows nothing.

    Raises:
        KeyboardInterrupt: after the query was cancelled.
    """
    call = _Call(transport, request)
    display: Display | None = None
    call.start()
    try:
        if not call.done.wait(SHOW_AFTER_S):
            display = new_display()
            while not call.done.wait(_POLL_S):
                if display is not None and (progress := transport.progress(request.query_id)) is not None:
                    display.show(progress)
    except KeyboardInterrupt:
        transport.cancel(request.query_id)
        call.done.wait(_CANCEL_WAIT_S)
        raise
    finally:
        if display is not None:
            display.close()
    return call.result()


class _Call(threading.Thread):
    """One blocking call. A daemon, so that an interrupted query cannot hold up the interpreter's end."""

    def __init__(self, transport: Transport, request: QueryRequest) -> None:
        super().__init__(name=f"amber-query-{request.query_id[:8]}", daemon=True)
        self.done = threading.Event()
        self._transport = transport
        self._request = request
        self._raw: RawResult | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._raw = self._transport.query(self._request)
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread, which raises it
            self._error = error
        finally:
            self.done.set()

    def result(self) -> RawResult:
        """The answer, or the call's error raised here."""
        if self._error is not None:
            raise self._error
        assert self._raw is not None
        return self._raw


def default_display() -> Display | None:
    """HTML in a Jupyter kernel, a bar on a terminal, nothing elsewhere."""
    if _in_kernel():
        return HtmlDisplay()
    if sys.stderr.isatty():
        return TerminalDisplay()
    return None


def progress_text(progress: Progress) -> str:
    """`12,345 of 99,999 rows, 1.2 s`, with the percent of the whole query where they are known."""
    of = f" of {progress.total_rows:,}" if progress.total_rows else ""
    done = f"{progress.percent:.0f} %, " if progress.percent is not None else ""
    return f"{done}{progress.rows_read:,}{of} rows, {progress.elapsed_s:.1f} s"


class TerminalDisplay:
    """A rich progress bar on standard error, gone when the query is done."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - 60 ms that only a long query needs
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415

        columns = (TextColumn("query"), BarColumn(), TextColumn("{task.description}"))
        self._bars: rich.progress.Progress = Bars(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bars.add_task("", total=None)
        self._bars.start()

    def show(self, progress: Progress) -> None:
        """Moves the bar."""
        self._bars.update(
            self._task,
            description=progress_text(progress),
            total=progress.total_rows,
            completed=progress.rows_read,
        )

    def close(self) -> None:
        """Takes the bar away."""
        self._bars.stop()


class HtmlDisplay:
    """A line with an HTML `<progress>` in the notebook's output; needs no widgets."""

    def __init__(self) -> None:
        ipython: Any = importlib.import_module("IPython.display")  # untyped, and present in every kernel
        self._html = ipython.HTML
        self._handle = ipython.display(self._html("query runs"), display_id=True)

    def show(self, progress: Progress) -> None:
        """Updates the line."""
        total = progress.total_rows
        bar = (
            f'<progress value="{progress.rows_read}" max="{total}"></progress> ' if total else "<progress></progress> "
        )
        self._handle.update(self._html(bar + escape(progress_text(progress))))

    def close(self) -> None:
        """Empties the line."""
        self._handle.update(self._html(""))


def _in_kernel() -> bool:
    """Whether this runs in a Jupyter kernel; asks only modules that are loaded already."""
    ipython = sys.modules.get("IPython")
    shell: object = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "ipykernel" in sys.modules and hasattr(shell, "kernel")
