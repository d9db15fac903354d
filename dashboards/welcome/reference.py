"""Writes the languages of `docs/how-to/send-data.md` from the table: `python -m dashboards.welcome.reference`."""

from __future__ import annotations

from pathlib import Path

from dashboards.welcome.snippets import EXAMPLE_DSN, SNIPPETS, Snippet

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "send-data.md"
BEGIN = "<!-- languages: written by `python -m dashboards.welcome.reference` -->"
END = "<!-- end of languages -->"


def languages() -> str:
    """Return the sections of all languages as Markdown."""
    return "\n".join(_section(snippet) for snippet in SNIPPETS)


def with_languages(page: str) -> str:
    """Return the page with what lies between the two marks replaced by the sections; ValueError without the marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError(f"{PAGE.name} has lost its marks {BEGIN!r} and {END!r}.")
    return f"{head}{BEGIN}\n\n{languages()}\n{END}{tail}"


def _section(snippet: Snippet) -> str:
    parts = [f"### {snippet.label}"]
    if snippet.install:
        parts.append(f"    {snippet.install}")
    if snippet.file:
        parts.append(f"`{snippet.file}`:")
    parts.append(_indented(snippet.code(EXAMPLE_DSN)))
    if snippet.run:
        parts.append(f"Run it: `{snippet.run}`")
    return "\n\n".join(parts) + "\n"


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in code.rstrip("\n").split("\n"))


if __name__ == "__main__":
    PAGE.write_text(with_languages(PAGE.read_text()))
