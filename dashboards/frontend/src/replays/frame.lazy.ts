// Plays a recording in a document of its own (`/app/replay-frame`), whose policy lets nothing in but pictures that are part
// of the recording. rrweb rebuilds the recorded page in a frame below, sandboxed without `allow-scripts`.
import { Replayer } from "@rrweb/replay";

import type { Recorded } from "./model.ts";
import { still } from "./still.ts";
import type { FromFrame, ToFrame } from "./talk.ts";

const TICK_MS = 100;
const IDLE_MS = 10_000;

const stage = document.getElementById("stage")!;
let replayer: Replayer | null = null;
let playing = false;
let size = { width: 0, height: 0 };
let wanted = { speed: 1, skipIdle: true };

function say(message: FromFrame): void {
  window.parent.postMessage(message, window.location.origin);
}

/** As large as the room allows, never larger than it was. */
function fit(): void {
  if (!replayer || size.width <= 0 || size.height <= 0) return;
  const scale = Math.min(stage.clientWidth / size.width, stage.clientHeight / size.height, 1);
  const middle = (room: number, taken: number): number => Math.max(0, (room - taken * scale) / 2);
  replayer.wrapper.style.transform = `translate(${middle(stage.clientWidth, size.width)}px, ${middle(stage.clientHeight, size.height)}px) scale(${scale})`;
}

function load(events: readonly Recorded[]): void {
  replayer?.destroy();
  stage.replaceChildren();
  replayer = new Replayer(still(events) as ConstructorParameters<typeof Replayer>[0], {
    root: stage,
    speed: wanted.speed,
    skipInactive: wanted.skipIdle,
    inactivePeriodThreshold: IDLE_MS,
    showWarning: false,
    showDebug: false,
    mouseTail: false,
    triggerFocus: false,
    UNSAFE_replayCanvas: false,
  });
  replayer.on("resize", (told) => {
    size = told as { width: number; height: number };
    fit();
  });
  replayer.on("finish", () => {
    playing = false;
    say({ kind: "ended" });
  });
  replayer.pause(0);
  requestAnimationFrame(() => requestAnimationFrame(() => say({ kind: "shown" })));
}

function heed(message: ToFrame): void {
  if (message.kind === "load") load(message.events);
  else if (message.kind === "set") {
    // A frame is see-through only while its scheme is that of the page around it.
    document.documentElement.style.colorScheme = message.dark ? "dark" : "light";
    wanted = { speed: message.speed, skipIdle: message.skipIdle };
    replayer?.setConfig({ speed: message.speed, skipInactive: message.skipIdle });
  } else if (replayer) {
    playing = message.kind === "play";
    if (playing) replayer.play(message.at);
    else replayer.pause(message.at);
  }
}

window.addEventListener("message", (event: MessageEvent<ToFrame>) => {
  if (event.origin !== window.location.origin || event.source !== window.parent) return;
  try {
    heed(event.data);
  } catch {
    say({ kind: "failed" });
  }
});
window.addEventListener("resize", fit);
window.setInterval(() => {
  if (playing && replayer) say({ kind: "at", at: replayer.getCurrentTime(), playing });
}, TICK_MS);
say({ kind: "ready" });
