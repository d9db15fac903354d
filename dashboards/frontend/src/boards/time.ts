// The time a dashboard looks at: one moment for all panels, so that they say the same. Pure.
import { rangeMs, rfc3339 } from "../core/time.ts";
import { apiBody, DEFAULT_RANGE, type UrlState } from "../core/search.ts";

/** Ends of ranges are whole steps, so that equal questions are equal for a few seconds. */
const STEP_MS = 10_000;
const SHORT_MS = 3_600_000;

/** The members of a body that say where and when to look; `range` is a panel's own. */
export function scopeAt(state: UrlState, range: string | null, now: number): Record<string, string | string[]> {
  const { range: _range, start: _start, end: _end, ...place } = apiBody(state);
  if (!range && state.start && state.end) return { ...place, start: state.start, end: state.end };
  const length = rangeMs(range ?? state.range) ?? rangeMs(DEFAULT_RANGE)!;
  const step = length <= SHORT_MS ? 1000 : STEP_MS;
  const end = Math.floor(now / step) * step;
  return { ...place, start: rfc3339(new Date(end - length)), end: rfc3339(new Date(end)) };
}

/** When to look again: `due` milliseconds after the last look, at once when that has passed. */
export function untilDue(last: number, every_ms: number, now: number): number {
  return Math.max(0, last + every_ms - now);
}
