// A page with the unmodified browser SDK: bundled by esbuild, opened as `page.html#DSN`.
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: decodeURIComponent(location.hash.slice(1)),
  release: "signals-browser@1.0.0",
  environment: "test",
  tracesSampleRate: 1.0,
  replaysSessionSampleRate: 1.0,
  integrations: [Sentry.browserTracingIntegration(), Sentry.replayIntegration({ maskAllText: false, minReplayDuration: 0 })],
});

document.body.innerHTML = "<h1>Cart</h1><button>Pay</button>";
document.querySelector("button").addEventListener("click", () => {
  throw new TypeError("card is undefined");
});

window.report = async () => {
  document.querySelector("button").click();
  const replay = Sentry.getReplay();
  const replayId = replay.getReplayId();
  await replay.flush();
  await Sentry.flush(60000);
  return { replay_id: replayId, event: Sentry.lastEventId() };
};
