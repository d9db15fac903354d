"""What helps to write a text: completion, explanations under the cursor, formatting, diagnostics.

One module for the page, the command line and notebooks. Everything comes from the tables of the language and the
catalogue; nothing is read from the store, and no text makes anything here fail except `format_text`.
"""

from __future__ import annotations

from queries.editor.completion import Completions, complete, value_items
from queries.editor.diagnostics import Diagnostic, Severity, check
from queries.editor.facts import Facts
from queries.editor.formatting import format_text
from queries.editor.hover import Hover, hover
from queries.editor.outline import Part, outline, put
from queries.editor.sql_completion import complete_sql

__all__ = [
    "Completions",
    "Diagnostic",
    "Facts",
    "Hover",
    "Part",
    "Severity",
    "check",
    "complete",
    "complete_sql",
    "format_text",
    "hover",
    "outline",
    "put",
    "value_items",
]
