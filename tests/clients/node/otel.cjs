// A trace with the unmodified OpenTelemetry SDK, JSON over HTTP: `node otel.cjs ENDPOINT KEY`. Prints ids as JSON.
const { SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const [endpoint, key] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers: { authorization: `Bearer ${key}` } });
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "cart", "service.version": "3.1.0" }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
provider.register();

async function main() {
  const ids = provider.getTracer("shop").startActiveSpan("POST /cart", { kind: SpanKind.SERVER }, (span) => {
    span.setAttribute("http.response.status_code", 500);
    span.setAttribute("cart.items", 9007199254740991);
    span.recordException(new RangeError("too many items"));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    return { trace_id: span.spanContext().traceId, segment: span.spanContext().spanId };
  });
  await provider.shutdown();
  console.log(JSON.stringify(ids));
}

main();
