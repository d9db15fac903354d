// Everything but errors, with the unmodified Node SDK: `node signals.cjs DSN`. Prints ids as JSON.
const Sentry = require("@sentry/node");
const { nodeProfilingIntegration } = require("@sentry/profiling-node");

Sentry.init({
  dsn: process.argv[2],
  release: "signals-node@1.0.0",
  environment: "test",
  tracesSampleRate: 1.0,
  enableLogs: true,
  profileSessionSampleRate: 1.0,
  profileLifecycle: "trace",
  integrations: [nodeProfilingIntegration()],
});

function busy(milliseconds) {
  const end = performance.now() + milliseconds;
  let turns = 0;
  while (performance.now() < end) turns += Math.sqrt(turns);
  return turns;
}

async function main() {
  Sentry.startSession();
  Sentry.logger.warn(Sentry.logger.fmt`Stock of ${"P-1"} is ${3}`, { shelf: "A" });
  Sentry.metrics.count("orders.placed", 2, { attributes: { plan: "gold" } });
  Sentry.metrics.gauge("queue.depth", 12.5, { unit: "item" });
  Sentry.metrics.distribution("payment.time", 187.5, { unit: "millisecond" });
  const checkIn = Sentry.captureCheckIn(
    { monitorSlug: "nightly-node", status: "in_progress" },
    { schedule: { type: "interval", value: 1, unit: "day" }, checkinMargin: 5 },
  );
  Sentry.captureCheckIn({ checkInId: checkIn, monitorSlug: "nightly-node", status: "ok", duration: 1.5 });
  const traceId = Sentry.startSpan({ op: "task", name: "spin" }, (span) => {
    busy(400);
    return span.spanContext().traceId;
  });
  const feedback = Sentry.captureFeedback(
    { message: "The cart is empty again", email: "ann@mail.example", name: "Ann" },
    { attachments: [{ filename: "screen.png", data: new Uint8Array([137, 80, 78, 71]), contentType: "image/png" }] },
  );
  Sentry.endSession();
  await Sentry.close(10000);
  console.log(JSON.stringify({ check_in: checkIn, trace_id: traceId, feedback }));
}

main();
