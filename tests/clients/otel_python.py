"""Traces, logs and metrics with the unmodified OpenTelemetry SDK: `python otel_python.py ENDPOINT KEY`. Prints ids."""

from __future__ import annotations

import json
import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def main() -> None:
    endpoint, key = sys.argv[1:3]
    headers = {"authorization": f"Bearer {key}"}
    resource = Resource.create(
        {"service.name": "checkout", "service.version": "2.4.0", "deployment.environment.name": "test"}
    )
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", headers=headers, compression=Compression.Gzip))
    )
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{endpoint}/v1/logs", headers=headers)))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics", headers=headers))
    meters = MeterProvider(resource=resource, metric_readers=[reader])
    logger = logging.getLogger("orders")
    logger.addHandler(LoggingHandler(logger_provider=logs))
    logger.setLevel(logging.INFO)

    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(meters)
    meter = metrics.get_meter("shop.meter")
    meter.create_counter("orders.placed").add(3, {"plan": "gold"})
    waits = meter.create_histogram("payment.time", unit="ms")
    for wait in (5.0, 20.0, 300.0):
        waits.record(wait)
    tracer = trace.get_tracer("shop.tracer")
    with tracer.start_as_current_span("GET /orders", kind=trace.SpanKind.SERVER) as segment:
        segment.set_attribute("http.request.method", "GET")
        logger.warning("Stock of %s is low", "P-1")
        with tracer.start_as_current_span("SELECT orders") as child:
            child.set_attribute("db.system.name", "postgresql")
            child.record_exception(ValueError("no such order"))
    for provider in (spans, logs, meters):
        provider.shutdown()
    context = segment.get_span_context()
    print(
        json.dumps(
            {
                "trace_id": f"{context.trace_id:032x}",
                "segment": f"{context.span_id:016x}",
                "child": f"{child.get_span_context().span_id:016x}",
            }
        )
    )


if __name__ == "__main__":
    main()
