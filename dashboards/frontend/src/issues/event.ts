// The event document read defensively: whatever a client sent and the server passed on, the page gets values of the types
// it draws. Pure.
import type { Crumb } from "./crumbs.ts";
import type { Frame, Raised } from "./stack.ts";

export interface Thread {
  id: string;
  name: string;
  crashed: boolean;
  current: boolean;
  state: string;
  frames: Frame[];
}

export interface EventView {
  event_id: string;
  timestamp: string;
  issue: string;
  project: string;
  title: string;
  message: string;
  level: string;
  platform: string;
  environment: string;
  release: string;
  user: Record<string, unknown>;
  tags: [string, string][];
  contexts: [string, Record<string, unknown>][];
  transaction: string;
  culprit: string;
  exceptions: Raised[];
  /** Frames of an event that has a stack but no exception. */
  stacktrace: Frame[];
  threads: Thread[];
  breadcrumbs: Crumb[];
  request: Record<string, unknown> | null;
  sdk: Record<string, unknown>;
  modules: [string, string][];
  extra: [string, unknown][];
  remarks: string[];
  trace_id: string;
  span_id: string;
  previous: string | null;
  next: string | null;
  index: number;
  count: number;
  payload_url: string;
  attachments: Attachment[];
  /** Scripts whose frames stayed minified, and why. */
  unresolved: { path: string; detail: string }[];
}

/** A file that came with the event; `url` is null when its content is not kept. */
export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  url: string | null;
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const maybe = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Pairs of a list of pairs or of an object. */
function pairs(value: unknown): [string, string][] {
  const entries = Array.isArray(value) ? value.filter(Array.isArray).map((pair) => [pair[0], pair[1]]) : Object.entries(fields(value));
  return entries.map(([key, item]) => [text(key), text(item)]);
}

function readFrame(value: unknown): Frame {
  const raw = fields(value);
  const lines = (side: unknown): string[] => list(side).map(text);
  return {
    function: text(raw.function),
    module: text(raw.module),
    filename: text(raw.filename),
    abs_path: text(raw.abs_path),
    lineno: number(raw.lineno),
    colno: number(raw.colno),
    in_app: raw.in_app === true,
    pre_context: lines(raw.pre_context),
    context_line: text(raw.context_line),
    post_context: lines(raw.post_context),
    vars: isFields(raw.vars) ? raw.vars : null,
  };
}

function readRaised(value: unknown): Raised {
  const raw = fields(value);
  return {
    type: text(raw.type),
    value: text(raw.value),
    module: text(raw.module),
    handled: typeof raw.handled === "boolean" ? raw.handled : null,
    mechanism: isFields(raw.mechanism) ? raw.mechanism : null,
    frames: list(raw.frames).map(readFrame),
  };
}

function readThread(value: unknown): Thread {
  const raw = fields(value);
  return {
    id: text(raw.id),
    name: text(raw.name),
    crashed: raw.crashed === true,
    current: raw.current === true,
    state: text(raw.state),
    frames: list(raw.frames).map(readFrame),
  };
}

function crumbData(value: unknown): Record<string, unknown> | null {
  if (isFields(value)) return Object.keys(value).length > 0 ? value : null;
  return value === null || value === undefined || value === "" ? null : { data: value };
}

function readCrumb(value: unknown): Crumb {
  const raw = fields(value);
  return {
    timestamp: maybe(raw.timestamp),
    type: text(raw.type),
    category: text(raw.category),
    level: text(raw.level),
    message: text(raw.message),
    data: crumbData(raw.data),
  };
}

function readAttachment(value: unknown): Attachment {
  const raw = fields(value);
  const url = maybe(raw.url);
  return {
    id: text(raw.id),
    name: text(raw.name) || "unnamed",
    content_type: text(raw.content_type),
    size: number(raw.size) ?? 0,
    // Only the server's own: a link is no place for what a client sent.
    url: url?.startsWith("/api/v1/attachments/") === true ? url : null,
  };
}

/** A document of GET issues/<issue>/events/<which> with every member of the type the page expects. */
export function readEvent(value: unknown): EventView {
  const raw = fields(value);
  const named = (key: string): string => text(raw[key]);
  return {
    event_id: named("event_id"),
    timestamp: named("timestamp"),
    issue: named("issue"),
    project: named("project"),
    title: named("title"),
    message: named("message"),
    level: named("level"),
    platform: named("platform"),
    environment: named("environment"),
    release: named("release"),
    user: fields(raw.user),
    tags: pairs(raw.tags),
    contexts: Object.entries(fields(raw.contexts)).map(([name, members]) => [name, isFields(members) ? members : { value: members }]),
    transaction: named("transaction"),
    culprit: named("culprit"),
    exceptions: list(raw.exceptions).map(readRaised),
    stacktrace: list(raw.stacktrace).map(readFrame),
    threads: list(raw.threads).map(readThread),
    breadcrumbs: list(raw.breadcrumbs).map(readCrumb),
    request: isFields(raw.request) ? raw.request : null,
    sdk: fields(raw.sdk),
    modules: pairs(raw.modules).sort(([a], [b]) => (a < b ? -1 : 1)),
    extra: Object.entries(fields(raw.extra)),
    remarks: list(raw.remarks).map(text),
    trace_id: named("trace_id"),
    span_id: named("span_id"),
    previous: maybe(raw.previous),
    next: maybe(raw.next),
    index: number(raw.index) ?? 0,
    count: number(raw.count) ?? 0,
    payload_url: named("payload_url"),
    attachments: list(raw.attachments).map(readAttachment),
    unresolved: list(raw.errors).map((one) => ({ path: text(fields(one).path), detail: text(fields(one).detail) })),
  };
}

/** The thread to show first: the one that crashed, else the current one, else the first that has frames. */
export function firstThread(threads: readonly Thread[]): number {
  const found = [(t: Thread) => t.crashed, (t: Thread) => t.current, (t: Thread) => t.frames.length > 0].map((wanted) => threads.findIndex(wanted));
  return found.find((at) => at >= 0) ?? 0;
}

/** A remark of the normaliser in plain words: `timestamp:clamped` is "timestamp: clamped". */
export function remarkText(remark: string): string {
  const at = remark.indexOf(":");
  if (at <= 0) return remark.replaceAll("_", " ");
  return `${remark.slice(0, at)}: ${remark.slice(at + 1).replaceAll("_", " ")}`;
}

/** A search term that selects a tag's value, quoted as the language wants it. */
export function tagTerm(key: string, value: string): string {
  const name = /^[\w.-]+$/u.test(key) ? key : `tags["${key.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
  if (value === "") return `!has:${name}`;
  if (/^[\w@/:-][\w.@/:-]*$/u.test(value)) return `${name}:${value}`;
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("*", "\\*");
  return `${name}:"${escaped}"`;
}
