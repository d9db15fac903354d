// Asking for the panels of a dashboard: equal questions are asked once, a few at the same time, and nothing that nobody
// waits for any more goes on.
import { post, remove } from "../core/api.ts";
import { asProblem, isAbort, Problem } from "../core/problem.ts";

/** Requests under way at once: the server gives one person a few places, and a browser six connections. */
const TOGETHER = 4;
const TRIES = 4;
const PAUSE_MS = 400;
/** A query may have ended in between; that is no error (RFC 7240). */
const LENIENT = { Prefer: "handling=lenient" };

interface Asked {
  key: string;
  path: string;
  body: Record<string, unknown>;
  waiting: number;
  controller: AbortController;
  begun: boolean;
  id: string;
  answer: Promise<unknown>;
  settle: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
}

const queue: Asked[] = [];
const known = new Map<string, Asked>();
let running = 0;

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `board-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Ask below `/api/v1`; aborting the signal lets go, and the last one to let go cancels the query. */
export function askShared<Document>(path: string, body: Record<string, unknown>, signal: AbortSignal): Promise<Document> {
  const key = `${path} ${JSON.stringify(body)}`;
  const asked = known.get(key) ?? enter(key, path, body);
  asked.waiting += 1;
  return new Promise<Document>((resolve, reject) => {
    const leave = () => {
      reject(new DOMException("Nobody waits for it any more.", "AbortError"));
      asked.waiting -= 1;
      if (asked.waiting === 0) drop(asked);
    };
    signal.addEventListener("abort", leave, { once: true });
    asked.answer.then((value) => resolve(value as Document), reject).finally(() => signal.removeEventListener("abort", leave));
    if (signal.aborted) leave();
    else begin();
  });
}

function enter(key: string, path: string, body: Record<string, unknown>): Asked {
  let settle: Asked["settle"] | null = null;
  const answer = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }));
  answer.catch(() => undefined); // whoever waits has a promise of their own
  const asked: Asked = { key, path, body, waiting: 0, controller: new AbortController(), begun: false, id: newId(), answer, settle: settle! };
  known.set(key, asked);
  queue.push(asked);
  return asked;
}

function drop(asked: Asked): void {
  if (known.get(asked.key) === asked) known.delete(asked.key);
  const place = queue.indexOf(asked);
  if (place >= 0) queue.splice(place, 1);
  if (!asked.begun) return;
  asked.controller.abort();
  // The server would otherwise work on for nobody.
  remove(`query/${asked.id}`, { headers: LENIENT }).catch(() => undefined);
}

function begin(): void {
  while (running < TOGETHER) {
    const next = queue.shift();
    if (!next) return;
    next.begun = true;
    running += 1;
    void send(next).finally(() => {
      if (known.get(next.key) === next) known.delete(next.key);
      next.begun = false;
      running -= 1;
      begin();
    });
  }
}

async function send(asked: Asked): Promise<void> {
  const { signal } = asked.controller;
  for (let tries = 1; ; tries++) {
    try {
      asked.settle.resolve(await post<unknown>(asked.path, { ...asked.body, query_id: asked.id }, { signal }));
      return;
    } catch (error) {
      if (isAbort(error) || tries >= TRIES || !full(error)) {
        asked.settle.reject(isAbort(error) ? error : asProblem(error));
        return;
      }
      await new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS * tries));
      if (signal.aborted) return;
    }
  }
}

/** Whether all places are taken just now, by other tabs or people. */
function full(error: unknown): boolean {
  return error instanceof Problem && error.code === "too-many-queries";
}
