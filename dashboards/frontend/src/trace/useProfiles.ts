// Whether something of a trace was profiled, and when: asked after the trace stands.
import * as React from "react";

import { post } from "../core/api.ts";
import { afterPaint } from "../core/painted.ts";
import type { TraceDocument } from "./model.ts";
import { period } from "./period.ts";

const TEXT = "from profiles | where trace = $trace | summarize samples=sum(samples)";
const MARGIN_MS = 60_000;

/** The address of the profiles of a time within a trace; all of it without a span. */
export function profilesHref(trace: Pick<TraceDocument, "trace_id" | "start_ns" | "duration_ns">): string {
  const { start, end } = period(trace, MARGIN_MS);
  return `/app/profiles?start=${encodeURIComponent(start)}&end=${encodeURIComponent(end)}&q=${encodeURIComponent(`trace:${trace.trace_id}`)}`;
}

/** How many samples of the trace were taken; 0 while that is not known. */
export function useProfiles(trace: TraceDocument): number {
  const [samples, setSamples] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setSamples(0);
    void afterPaint().then(() => {
      if (controller.signal.aborted) return;
      post<{ rows: unknown[][] }>("query", { query: TEXT, params: { trace: trace.trace_id }, ...period(trace, MARGIN_MS) }, { signal: controller.signal })
        .then(({ rows }) => setSamples(Number(rows[0]?.[0] ?? 0) || 0))
        .catch(() => undefined); // a trace can be read without its profile
    });
    return () => controller.abort();
  }, [trace]);
  return samples;
}
