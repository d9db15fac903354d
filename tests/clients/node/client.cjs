// An application with the unmodified Node SDK: `node client.cjs DSN stream|static`. Prints what it reported as JSON.
const Sentry = require("@sentry/node");

const [dsn, traceLifecycle] = process.argv.slice(2);

Sentry.init({
  dsn,
  traceLifecycle,
  release: "clients-node@1.0.0",
  environment: "test",
  serverName: "client-2",
  tracesSampleRate: 1.0,
});
Sentry.setUser({ id: "7", email: "ann@mail.example", username: "ann" });
Sentry.setTag("plan", "gold");
Sentry.addBreadcrumb({ category: "cart", message: "added P-1", level: "info" });

function readPrice(prices, sku) {
  return prices[sku].cents;
}

function placeOrder(sku) {
  try {
    readPrice({}, sku);
  } catch (error) {
    throw new Error(`no price for ${sku}`, { cause: error });
  }
}

function captured(run) {
  try {
    run();
  } catch (error) {
    return Sentry.captureException(error);
  }
  return null;
}

function traced() {
  return Sentry.startSpan({ op: "task", name: "place orders" }, (segment) => {
    const ids = { trace_id: segment.spanContext().traceId, segment: segment.spanContext().spanId };
    Sentry.startSpan(
      { op: "db", name: "SELECT price FROM products WHERE sku = $1", attributes: { "db.system": "sqlite" } },
      (span) => { ids.query = span.spanContext().spanId; },
    );
    Sentry.startSpan({ op: "cart", name: "add up" }, (outer) => {
      ids.outer = outer.spanContext().spanId;
      Sentry.startSpan({ op: "cart.rule", name: "coupon" }, (inner) => {
        ids.inner = inner.spanContext().spanId;
        ids.error = captured(() => placeOrder("P-9"));
      });
    });
    return ids;
  });
}

async function main() {
  const reported = {
    exception: captured(() => readPrice({}, "EUR")),
    chained: captured(() => placeOrder("P-1")),
    message: Sentry.captureMessage("Queue is long", "warning"),
    fingerprinted: Sentry.withScope((scope) => {
      scope.setFingerprint(["{{ default }}", "tenant-1"]);
      return captured(() => readPrice({}, "EUR"));
    }),
    trace: traced(),
  };
  await Sentry.flush(60000);
  console.log(JSON.stringify(reported));
}

main();
