// A recording as one time line: what rrweb recorded and what the client noted beside it, in lanes. Pure.
//
// Types and sources are those of rrweb's events (rrweb-io/rrweb, docs/recipes, "Dive into the events"); breadcrumbs and
// spans are Sentry's custom events in it (developer documentation, "Session Replay": tags `breadcrumb`, `performanceSpan`).

export interface Recorded {
  type: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  data?: unknown;
}

export const LANES = ["errors", "clicks", "pages", "network", "console", "vitals"] as const;
export type Lane = (typeof LANES)[number];

export interface Mark {
  lane: Lane;
  /** Milliseconds since the recording began. */
  at: number;
  /** When it ended, the same as `at` for a moment. */
  until: number;
  text: string;
  level: "" | "warn" | "error";
  /** A page of Amber about it, or empty. */
  href: string;
}

export interface Timeline {
  begin: number;
  /** Milliseconds. */
  duration: number;
  marks: Mark[];
  /** Stretches in which nobody did anything, in milliseconds since the beginning. */
  idle: (readonly [number, number])[];
}

/** What an error of the recording's time is. */
export interface ErrorMark {
  timestamp: string;
  issue: string;
  id: string;
  title: string;
}

const META = 4;
const INCREMENT = 3;
const CUSTOM = 5;
/** Moves, clicks, scrolls, input, touches: what a person does. */
const BY_PEOPLE = new Set([1, 2, 3, 5, 6, 12]);
const MOUSE = 2;
const CLICK = 2;
const IDLE_MS = 10_000;
const MOST_MARKS = 5_000;
const CHARS = 300;

type Fields = Record<string, unknown>;
const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const text = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "").slice(0, CHARS);

/** The events of all segments in the order of time; what is no event is left out, and so is what comes twice. */
export function inOrder(segments: readonly unknown[]): Recorded[] {
  const found: Recorded[] = [];
  for (const segment of segments) {
    if (!Array.isArray(segment)) continue;
    for (const event of segment as unknown[]) {
      const { type, timestamp } = fields(event);
      if (typeof type === "number" && typeof timestamp === "number" && Number.isFinite(timestamp)) found.push(event as Recorded);
    }
  }
  return found.sort((a, b) => a.timestamp - b.timestamp);
}

/** Whether rrweb can show them: it wants a whole picture of the page, and one event more. */
export const canPlay = (events: readonly Recorded[]): boolean => events.length > 1 && events.some(({ type }) => type === 2);

/** The time line of a recording with the errors that happened meanwhile. */
export function timelineOf(events: readonly Recorded[], errors: readonly ErrorMark[]): Timeline {
  const begin = events[0]?.timestamp ?? 0;
  const duration = Math.max(0, (events.at(-1)?.timestamp ?? begin) - begin);
  const marks: Mark[] = [];
  for (const event of events) {
    const mark = markOf(event, begin);
    if (mark && marks.length < MOST_MARKS) marks.push(mark);
  }
  for (const { timestamp, issue, id, title } of errors) {
    const at = Math.max(0, Date.parse(timestamp) - begin);
    marks.push({ lane: "errors", at, until: at, text: title.slice(0, CHARS) || "(no title)", level: "error", href: issue ? `/app/issues/${encodeURIComponent(issue)}/events/${encodeURIComponent(id)}` : "" });
  }
  marks.sort((a, b) => a.at - b.at);
  return { begin, duration, marks: withoutDoubles(marks), idle: idleOf(events, begin, duration) };
}

/** A click is recorded by rrweb and noted by the client: the note says more. */
function withoutDoubles(marks: Mark[]): Mark[] {
  const noted = marks.filter(({ lane, text: said }) => lane === "clicks" && said !== "");
  return marks.filter((mark) => mark.lane !== "clicks" || mark.text !== "" || !noted.some(({ at }) => Math.abs(at - mark.at) < 100)).map((mark) => (mark.text === "" ? { ...mark, text: "Click" } : mark));
}

function markOf(event: Recorded, begin: number): Mark | null {
  const at = event.timestamp - begin;
  const data = fields(event.data);
  if (event.type === META) return { lane: "pages", at, until: at, text: text(data.href), level: "", href: "" };
  if (event.type === INCREMENT) return data.source === MOUSE && data.type === CLICK ? { lane: "clicks", at, until: at, text: "", level: "", href: "" } : null;
  if (event.type !== CUSTOM) return null;
  const payload = fields(data.payload);
  if (data.tag === "performanceSpan") return spanMark(payload, begin);
  return data.tag === "breadcrumb" ? crumbMark(payload, at, begin) : null;
}

function spanMark(payload: Fields, begin: number): Mark | null {
  const op = text(payload.op);
  const at = Math.max(0, Number(payload.startTimestamp) * 1000 - begin);
  const until = Math.max(at, Number(payload.endTimestamp) * 1000 - begin);
  if (!Number.isFinite(at) || !Number.isFinite(until)) return null;
  const data = fields(payload.data);
  const said = text(payload.description);
  if (op.startsWith("navigation")) return { lane: "pages", at, until: at, text: said, level: "", href: "" };
  if (op.startsWith("web-vital")) return { lane: "vitals", at, until: at, text: `${said} ${text(data.value)} ${text(data.rating)}`.trim(), level: data.rating === "poor" ? "warn" : "", href: "" };
  if (op === "paint") return { lane: "vitals", at, until: at, text: said, level: "", href: "" };
  if (!op.startsWith("resource")) return null;
  const status = Number(data.statusCode ?? 0);
  const shown = [text(data.method), said, status > 0 ? String(status) : ""].filter(Boolean).join(" ");
  return { lane: "network", at, until, text: shown || op, level: status >= 500 ? "error" : status >= 400 ? "warn" : "", href: "" };
}

function crumbMark(payload: Fields, noted: number, begin: number): Mark | null {
  const category = text(payload.category);
  const told = Number(payload.timestamp) * 1000 - begin;
  const at = Number.isFinite(told) && told >= 0 ? told : noted;
  const data = fields(payload.data);
  const level = text(payload.level);
  const bad = level === "error" || level === "fatal" ? "error" : level === "warning" ? "warn" : "";
  if (category === "ui.slowClickDetected" || category === "ui.multiClick") return { lane: "clicks", at, until: at, text: `${category === "ui.multiClick" ? "Clicked again and again" : "Nothing happened after the click"}: ${text(payload.message)}`, level: "warn", href: "" };
  if (category.startsWith("ui.")) return { lane: "clicks", at, until: at, text: `${category.slice(3)} ${text(payload.message)}`.trim(), level: "", href: "" };
  if (category === "navigation") return { lane: "pages", at, until: at, text: text(data.to), level: "", href: "" };
  if (category === "console") {
    const said = text(payload.message) || (Array.isArray(data.arguments) ? data.arguments.map((one) => (typeof one === "string" ? one : JSON.stringify(one) ?? "")).join(" ").slice(0, CHARS) : "");
    return { lane: "console", at, until: at, text: said || "(empty)", level: bad, href: "" };
  }
  return null;
}

function idleOf(events: readonly Recorded[], begin: number, duration: number): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  let last = 0;
  const upTo = (at: number): void => {
    if (at - last > IDLE_MS) found.push([last, at]);
    last = at;
  };
  for (const event of events) {
    if (event.type === INCREMENT && BY_PEOPLE.has(Number(fields(event.data).source))) upTo(event.timestamp - begin);
  }
  upTo(duration);
  return found;
}

/** The moment of the next, or previous, failure from a place; null when there is none. */
export function nextFailure(marks: readonly Mark[], from: number, way: 1 | -1): Mark | null {
  const bad = marks.filter(({ lane, level }) => lane === "errors" || level === "error");
  return (way > 0 ? bad.find(({ at }) => at > from + 50) : bad.findLast(({ at }) => at < from - 1500)) ?? null;
}

/** `1:05`, `1:02:03`. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return hours > 0 ? `${hours}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}` : `${Math.floor(s / 60)}:${pad(s % 60)}`;
}
