"""Dash's answers do not depend on what other threads are importing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys, types
from dash import html
from dash._utils import to_json
from flask import Flask
from tests.dashboards.fake import fake_app
fake_app()
sys.modules["pandas"] = types.ModuleType("pandas")  # as another thread leaves it while it imports
assert "Text" in to_json({"response": {"page": {"children": [html.P("Text"), None, 1.5]}}})
"""


def test_a_page_is_written_while_pandas_is_half_imported():
    """The first query imports pandas in its thread; a page asked for at that moment is no 500."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", _SCRIPT], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
