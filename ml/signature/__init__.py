"""Crash signatures: from the raw text of a crash report to its type and the frames that stand for it.

Reports of sanitizers (address, memory, thread, leak, undefined behaviour, hardware tags), of kernels and debuggers, of
Android and Windows, of V8, Go, Rust, Java, Python, JavaScript and Swift run-times. One parser reads them all: tables
say what the head of a report looks like, what its frames look like, and which frames never tell a cause.
"""

from __future__ import annotations

from ml.signature._model import NOTHING, Signature
from ml.signature._parse import looks_like_report, signature

__all__ = ["NOTHING", "Signature", "looks_like_report", "signature"]
