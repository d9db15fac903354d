// What else is known of the moment of an event: what is asked, and what of it is said. Pure.
import { rfc3339 } from "../core/time.ts";
import type { EventView } from "./event.ts";

/** Values that tell where else the event is part of; empty without. */
export interface Links {
  trace: string;
  span: string;
  replay: string;
  profile: string;
}

const ID = /^[0-9a-f]{16,32}$/;

function id(value: unknown): string {
  const text = typeof value === "string" ? value.replaceAll("-", "").toLowerCase() : "";
  return ID.test(text) ? text : "";
}

export function linksOf(event: EventView): Links {
  const context = (name: string): Record<string, unknown> => event.contexts.find(([key]) => key === name)?.[1] ?? {};
  const tag = (name: string): string | undefined => event.tags.find(([key]) => key === name)?.[1];
  return {
    trace: id(event.trace_id),
    span: id(event.span_id),
    replay: id(context("replay").replay_id ?? tag("replayId") ?? tag("replay_id")),
    profile: id(context("profile").profile_id),
  };
}

/** Longer than a trace lasts, short enough to be read at once. */
const AROUND_MS = 30 * 60_000;
export const LOGS = 30;
export const ERRORS = 8;

export const TEXTS = {
  logs: `from logs | where trace = $trace | sort timestamp desc | project timestamp, trace.span, level, message | limit ${LOGS}`,
  errors: `from errors | where trace = $trace and id != $event | sort timestamp | project timestamp, issue, id, title, project | limit ${ERRORS}`,
  spans: "from spans | where trace = $trace | summarize n=count(), longest=max(span.duration), failed=count_if(span.status != 'ok' and span.status != 'unknown')",
} as const;

export interface Question {
  query: string;
  params: Record<string, string>;
  start: string;
  end: string;
}

export function question(which: keyof typeof TEXTS, event: EventView): Question {
  const at = Date.parse(event.timestamp);
  const params = which === "errors" ? { trace: event.trace_id, event: event.event_id } : { trace: event.trace_id };
  return { query: TEXTS[which], params, start: rfc3339(new Date(at - AROUND_MS)), end: rfc3339(new Date(at + AROUND_MS)) };
}

/** How long before or after the event something was: `-1.2 s`, `+30 ms`. */
export function distance(timestamp: unknown, event: string): string {
  const ms = Date.parse(String(timestamp)) - Date.parse(event);
  if (Number.isNaN(ms)) return "";
  const size = Math.abs(ms);
  const text = size < 1000 ? `${size} ms` : size < 60_000 ? `${(size / 1000).toFixed(1)} s` : `${(size / 60_000).toFixed(1)} min`;
  return ms === 0 ? "0 ms" : `${ms < 0 ? "−" : "+"}${text}`;
}
