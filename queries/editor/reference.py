"""The table of stages in `docs/reference/discover.md`, from the table the editor uses.

`python -m queries.editor.reference` reads the page from standard input and writes it with the table as it should be.
"""

from __future__ import annotations

import sys

from queries.editor.stage_table import STAGE_TABLE

BEGIN = "<!-- stages: written by `python -m queries.editor.reference` -->"
END = "<!-- end of stages -->"


def stage_table() -> str:
    """Return the table: syntax, what the stage does, an example."""
    rows = [f"| {_code(info.syntax)} | {_cell(info.doc)} | {_code(info.example)} |" for info in STAGE_TABLE.values()]
    return "\n".join(["| stage | what it does | example |", "|---|---|---|", *rows])


def with_stage_table(page: str) -> str:
    """Return the page with the table between its marks.

    Raises:
        ValueError: the page has no marks.
    """
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    return f"{page[:start]}\n\n{stage_table()}\n\n{page[end:]}"


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{_cell(text)}{space}{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(with_stage_table(sys.stdin.read()))
