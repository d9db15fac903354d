"""What reports are made with: HTML and Markdown that escape, charts as SVG and PNG without a browser."""

from __future__ import annotations
