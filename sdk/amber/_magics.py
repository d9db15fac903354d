"""Cell magics for IPython and Jupyter: `%load_ext amber`, then `%%amber` and `%%ambersql`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from amber._client import Client, connect, open_directory
from amber._errors import AmberError
from amber._result import Result

_CELL = "%%amber"
_SQL_CELL = "%%ambersql"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage()}")


@magics_class
class AmberMagics(Magics):
    """`%%amber`, `%%ambersql` and `%amber`, over one client a session.

    The client is the one `%amber` was told, else that of `AMBER_URL` and `AMBER_TOKEN`.
    """

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """What answers."""
        if self._client is None:
            self._client = connect()
        return self._client

    @line_magic("amber")
    def use(self, line: str) -> Client | None:
        """Choose what answers, `%amber http://127.0.0.1:8700 [--token T]` or `%amber ./data`; alone: the client."""
        parser = _Parser(prog="%amber", add_help=False)
        parser.add_argument("place", nargs="?", help="address of a server, or a data directory")
        parser.add_argument("--token")
        options = parser.parse_args(shlex.split(line))
        if options.place is None:
            return self.client
        is_address = options.place.startswith(("http://", "https://"))
        with _told():
            found = connect(options.place, options.token) if is_address else open_directory(options.place)
        if self._client is not None:
            self._client.close()
        self._client = found
        return None

    @cell_magic("amber")
    def discover(self, line: str, cell: str) -> Any:
        """Run the cell as a Discover text.

        `--as NAME` keeps the result under a name, `--plot` shows its picture, `--limit N` and `--project P` as in
        `Client.query`; `$name` in the text is the variable of that name.
        """
        return self._ran(self.client.query, _CELL, line, cell)

    @cell_magic("ambersql")
    def sql(self, line: str, cell: str) -> Any:
        """Run the cell as one SELECT over the data sets; options as of `%%amber`."""
        return self._ran(self.client.sql, _SQL_CELL, line, cell)

    def _ran(self, ask: Callable[..., Result], name: str, line: str, cell: str) -> Any:
        parser = _Parser(prog=name, add_help=False)
        parser.add_argument("--as", dest="name", metavar="NAME")
        parser.add_argument("--plot", action="store_true")
        parser.add_argument("--limit", type=int)
        parser.add_argument("--project", action="append")
        options = parser.parse_args(shlex.split(line))
        if options.name is not None and not options.name.isidentifier():
            raise UsageError(f"{options.name!r} is no name of a variable.")
        with _told():
            result = ask(cell.strip(), limit=options.limit, project=options.project, params=self._params(cell))
            if options.name is not None:
                self.shell.user_ns[options.name] = result
            return result.plot() if options.plot else result

    def _params(self, cell: str) -> dict[str, Any]:
        """Return the variables a text names with `$`; the ones that are not there are left to the server to miss."""
        import re  # noqa: PLC0415 - used by cells only

        names = set(re.findall(r"\$([A-Za-z_]\w*)", cell))
        return {name: self.shell.user_ns[name] for name in sorted(names) if name in self.shell.user_ns}


class _told:  # noqa: N801 - reads as a statement
    """Show what Amber says without the trace of the client's own calls."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, AmberError):
            raise UsageError(str(error)) from None


def load_ipython_extension(shell: Any) -> None:
    """Give a shell the magics, and completion in their cells."""
    magics = AmberMagics(shell)
    shell.register_magics(magics)

    @context_matcher(identifier="amber")
    def matcher(context: CompletionContext) -> Any:
        return _completed(magics, context)

    shell.Completer.custom_matchers.append(matcher)


def _completed(magics: AmberMagics, context: CompletionContext) -> Any:
    """Return what may stand at the cursor of one of our cells; elsewhere nothing."""
    head, _, text = context.full_text.partition("\n")
    magic = head.split(" ", 1)[0].rstrip()
    if magic not in {_CELL, _SQL_CELL} or context.cursor_line == 0:
        return {"completions": []}
    before = text.split("\n")[: context.cursor_line]
    cursor = sum(len(line) + 1 for line in before[:-1]) + context.cursor_position
    language = "sql" if magic == _SQL_CELL else "discover"
    body = {"query": text, "cursor": cursor, "language": language, "values": True}
    try:
        answer = magics.client.editor.answer("complete", body)
    except AmberError:
        return {"completions": []}  # while somebody types is no time to complain
    return {
        "completions": list(_items(answer["items"])),
        "matched_fragment": text[int(answer["from"]) : cursor],
        "suppress": True,
        "ordered": True,
    }


def _items(found: Any) -> Iterator[SimpleCompletion]:
    for item in found:
        yield SimpleCompletion(str(item["insert"]), type=str(item["kind"]))
