// The time of a trace as a query wants it. Pure.

const MILLION = 1_000_000n;

/** RFC 3339 of nanoseconds since 1970, which are more than a number holds. */
export function moment(ns: bigint, later_ms: number): string {
  return new Date(Number(ns / MILLION) + later_ms).toISOString();
}

/** The range of a trace with room on both sides. */
export function period(trace: { start_ns: string; duration_ns: number }, margin_ms: number): { start: string; end: string } {
  const begin = BigInt(trace.start_ns || "0");
  return { start: moment(begin, -margin_ms), end: moment(begin + BigInt(Math.ceil(trace.duration_ns)), margin_ms) };
}
