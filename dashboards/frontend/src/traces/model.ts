// The list of traces: what is asked, and how requests of one trace become a row. Pure.
import { numberOf, type Rows, textOf } from "../core/values.ts";

export type Order = "newest" | "slowest";

const MOST = 200;
const FIELDS = "timestamp, trace, id, transaction, transaction.duration, span.status, service, project";

/** The requests that are looked at: transactions that a search finds, the newest or the slowest ones. */
export function listText(search: string, order: Order): string {
  const found = search.trim();
  const by = order === "slowest" ? "transaction.duration desc, id" : "timestamp desc, id";
  return `from transactions${found ? ` ${found}` : ""} | sort ${by} | project ${FIELDS} | limit ${MOST}`;
}

export interface TraceRow {
  trace: string;
  /** When its first known request began, RFC 3339. */
  timestamp: string;
  /** The longest of the requests that were found: the one all others hang below, as a rule. */
  id: string;
  transaction: string;
  duration: number;
  failed: boolean;
  service: string;
  project: string;
  /** How many of its requests were found. */
  requests: number;
}

export interface Known {
  spans: number;
  failed: number;
  services: number;
  errors: number;
}

const TRACE = /^[0-9a-f]{32}$/;
const FINE = new Set(["", "ok", "unset", "unknown", "cancelled"]);

/** One row a trace, in the order in which they were found. */
export function tracesOf(rows: Rows): TraceRow[] {
  const found = new Map<string, TraceRow>();
  for (const [timestamp, trace, id, transaction, duration, status, service, project] of rows) {
    const row: TraceRow = {
      trace: textOf(trace),
      timestamp: textOf(timestamp),
      id: textOf(id),
      transaction: textOf(transaction),
      duration: numberOf(duration),
      failed: !FINE.has(textOf(status).toLowerCase()),
      service: textOf(service),
      project: textOf(project),
      requests: 1,
    };
    if (!TRACE.test(row.trace)) continue;
    const before = found.get(row.trace);
    if (before === undefined) found.set(row.trace, row);
    else found.set(row.trace, joined(before, row));
  }
  return [...found.values()];
}

function joined(a: TraceRow, b: TraceRow): TraceRow {
  const head = b.duration > a.duration ? b : a;
  return { ...head, timestamp: a.timestamp < b.timestamp ? a.timestamp : b.timestamp, failed: a.failed || b.failed, requests: a.requests + b.requests };
}

/** What else is known of the traces that are shown. */
export function knownTexts(traces: readonly TraceRow[]): { spans: string; errors: string } | null {
  if (traces.length === 0) return null;
  const any = `trace:[${traces.map(({ trace }) => trace).join(", ")}]`;
  const failed = "failed=count_if(span.status != 'ok' and span.status != 'unknown' and span.status != 'unset' and span.status != 'cancelled' and span.status != '')";
  return {
    spans: `from spans ${any} | summarize n=count(), ${failed}, services=count_unique(service) by trace | limit ${MOST}`,
    errors: `from errors ${any} | summarize n=count() by trace | limit ${MOST}`,
  };
}

export function knownOf(spans: Rows, errors: Rows): Map<string, Known> {
  const found = new Map<string, Known>();
  for (const [trace, n, failed, services] of spans) found.set(textOf(trace), { spans: numberOf(n), failed: numberOf(failed), services: numberOf(services), errors: 0 });
  for (const [trace, n] of errors) {
    const known = found.get(textOf(trace));
    if (known) known.errors = numberOf(n);
  }
  return found;
}
