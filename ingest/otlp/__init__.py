"""OpenTelemetry over HTTP (OTLP/HTTP): decoding, answers, and rows of spans, logs, metrics and errors."""

from __future__ import annotations
