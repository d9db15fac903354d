"""`amber query --out FILE`: all rows of an answer into a file, in the memory of a batch."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

import amber
from server.cli.failures import USAGE, Shown
from server.cli.output import ARROW_META_KEY, Format, as_csv, as_json_lines

_POLL_S = 0.3
_PERCENT = 100.0
_STEP = 1000


def export(stream: amber.Stream, out: Path, form: Format) -> int:
    """Write all rows of a stream into a file, with a progress bar on standard error; return how many there were.

    The file appears under its name when it is whole; one that was there before stays until then.

    Raises:
        Shown: the format is none of files, or the file cannot be written.
    """
    if form not in {Format.ARROW, Format.CSV, Format.JSONL}:
        raise Shown(
            f"A file cannot hold the format {form}.",
            code="output-format",
            hint="Use --format arrow, csv or jsonl.",
            status=USAGE,
        )
    rows = 0
    with _file(out) as file, stream, _bar(stream) as show:
        with _writer(file, stream, form) as write:
            for batch in stream:
                write(batch)
                rows += batch.num_rows
                show(rows, file.tell())
        show(rows, file.tell())
    for warning in stream.meta.get("warnings") or ():
        Console(stderr=True, highlight=False).print(Text.assemble(("Warning: ", "yellow"), str(warning)))
    return rows


@contextmanager
def _file(out: Path) -> Iterator[BufferedWriter]:
    """Give a file that takes the place of `out` once it is whole."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.absolute().parent)
    except OSError as error:
        raise Shown(f"{out} cannot be written: {error.strerror}.", code="output-failed", status=USAGE) from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        part.chmod(0o666 & ~_umask())
        part.replace(out)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@contextmanager
def _writer(file: BufferedWriter, stream: amber.Stream, form: Format) -> Iterator[Callable[[pa.RecordBatch], Any]]:
    if form is Format.ARROW:
        schema = stream.schema.with_metadata({ARROW_META_KEY: orjson.dumps(dict(stream.meta))})
        with pa.ipc.new_stream(file, schema) as writer:
            yield writer.write_batch
    elif form is Format.CSV:
        file.write(as_csv(stream.schema.empty_table()).encode())
        yield lambda batch: file.write(as_csv(pa.Table.from_batches([batch]), header=False).encode())
    else:
        yield lambda batch: file.write(as_json_lines(pa.Table.from_batches([batch])))


@contextmanager
def _bar(stream: amber.Stream) -> Iterator[Callable[[int, int], None]]:
    """Show how far the query is, how many rows were written and how large the file is."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TextColumn("{task.fields[size]}"),
        TimeElapsedColumn(),
    )
    done = threading.Event()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("export", total=None, rows=0, size=_size(0))

        def poll() -> None:
            while not done.wait(_POLL_S):
                found = stream.progress()
                if found is not None and found.percent is not None:
                    bars.update(task, total=_PERCENT, completed=found.percent)

        def show(rows: int, size: int) -> None:
            bars.update(task, rows=rows, size=_size(size))

        watcher = threading.Thread(target=poll, name="export-progress", daemon=True)
        watcher.start()
        try:
            yield show
            bars.update(task, total=_PERCENT, completed=_PERCENT)
        finally:
            done.set()
            watcher.join()


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < _STEP:
            return f"{size:.3g} {unit}"
        size /= _STEP
    return f"{size:.3g} TB"
