"""Component trees as plain data, so that tests can compare them by equality."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component


def plain(tree: Any) -> Any:
    """Return a component tree as `(type, properties)` pairs; texts and numbers stay what they are."""
    if isinstance(tree, Component):
        described = tree.to_plotly_json()
        return described["type"], {name: plain(value) for name, value in described["props"].items()}
    if isinstance(tree, list | tuple):
        return [plain(item) for item in tree]
    return tree
