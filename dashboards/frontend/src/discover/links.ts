// Which page a cell or its row leads to. Pure.
import type { Column, Row, Value } from "./model.ts";

export interface Target {
  label: string;
  href: string;
}

const TRACES = new Set(["trace", "trace_id", "trace.id"]);
const EVENTS = new Set(["id", "event_id", "event.id", "latest_event()"]);
const SPANS = new Set(["span_id", "span.id"]);
const SHORT_ID = /^[A-Z0-9][A-Z0-9_-]*-\d+$/i;

const text = (value: Value | undefined) => (typeof value === "string" && value !== "" ? value : null);

/** The pages for a cell: its own first, then those of its row. */
export function targetsOf(columns: readonly Column[], row: Row, at: number): Target[] {
  const found: Target[] = [];
  const value = (names: ReadonlySet<string>) => text(row[columns.findIndex((column) => names.has(column.name))]);
  const issue = value(new Set(["issue"]));
  const event = value(EVENTS);
  const trace = value(TRACES);
  const span = value(SPANS);
  if (issue && SHORT_ID.test(issue)) {
    const path = `/app/issues/${encodeURIComponent(issue)}`;
    if (event && /^[0-9a-f-]{32,36}$/i.test(event)) {
      found.push({ label: "Open this event", href: `${path}/events/${encodeURIComponent(event)}` });
    }
    found.push({ label: `Open issue ${issue}`, href: path });
  }
  if (trace && /^[0-9a-f-]{16,36}$/i.test(trace)) {
    const tail = span ? `?span=${encodeURIComponent(span)}` : "";
    found.push({ label: "Open the trace", href: `/app/traces/${encodeURIComponent(trace)}${tail}` });
  }
  const own = columns[at]?.name ?? "";
  const wanted = own === "issue" ? "Open issue" : TRACES.has(own) ? "Open the trace" : EVENTS.has(own) ? "Open this event" : "";
  return wanted ? found.sort((a, b) => Number(b.label.startsWith(wanted)) - Number(a.label.startsWith(wanted))) : found;
}
