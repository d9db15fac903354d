// The log records of a trace: asked by a Discover text, from the time of the trace only.
import * as React from "react";

import { post } from "../core/api.ts";
import type { LogMark } from "./draw.ts";
import type { Book, TraceDocument } from "./model.ts";
import { period } from "./period.ts";

export interface LogRecord {
  span_id: string;
  offset_ns: number;
  level: string;
  message: string;
}

const MOST = 500;
const MARGIN_MS = 60_000;

interface QueryRows {
  rows: unknown[][];
}

const text = (value: unknown): string => (typeof value === "string" ? value : value === null || value === undefined ? "" : String(value));

/** Whether a level is a warning or worse. */
export function isSerious(level: string): boolean {
  return /^(warn|error|fatal|critical)/i.test(level);
}

export function useLogs(trace: TraceDocument): readonly LogRecord[] {
  const [logs, setLogs] = React.useState<readonly LogRecord[]>([]);
  React.useEffect(() => {
    const controller = new AbortController();
    const query = `from logs | where trace = $trace | sort timestamp | project timestamp, trace.span, level, message | limit ${MOST}`;
    post<QueryRows>("query", { query, params: { trace: trace.trace_id }, limit: MOST, ...period(trace, MARGIN_MS) }, { signal: controller.signal })
      .then(({ rows }) => setLogs(rows.map((row) => record(row, trace))))
      .catch(() => undefined); // a trace can be read without its logs
    return () => controller.abort();
  }, [trace]);
  return logs;
}

function record([timestamp, span, level, message]: unknown[], trace: TraceDocument): LogRecord {
  const moment = Date.parse(text(timestamp));
  const offset_ns = Number.isNaN(moment) ? 0 : moment * 1e6 - Number(BigInt(trace.start_ns || "0"));
  return { span_id: text(span), offset_ns, level: text(level), message: text(message) };
}

/** The records of the rows that have come. */
export function logsByRow(logs: readonly LogRecord[], book: Book): Map<number, LogMark[]> {
  const found = new Map<number, LogMark[]>();
  if (logs.length === 0) return found;
  const rows = new Map(book.columns.span_id.map((id, row) => [id, row]));
  for (const { span_id, offset_ns, level } of logs) {
    const row = span_id === "" ? undefined : rows.get(span_id);
    if (row === undefined) continue;
    const mark = { offset_ns, serious: isSerious(level) };
    found.set(row, [...(found.get(row) ?? []), mark]);
  }
  return found;
}
