// What part of a trace is looked at: the time window, the scrolled rows, ticks. Pure; pixels are CSS pixels.

/** A window of time relative to the start of the trace, in nanoseconds. */
export interface Window {
  from: number;
  to: number;
}

/** The narrowest window: a hundred nanoseconds over the whole width. */
const NARROWEST_NS = 100;

/** The whole trace, with room so that the last bar does not end at the edge. */
export function whole(duration_ns: number): Window {
  const length = Math.max(duration_ns, NARROWEST_NS);
  return { from: 0, to: length };
}

/** A window kept inside the trace and not narrower than can be drawn. */
export function clampWindow(window: Window, duration_ns: number): Window {
  const limit = Math.max(duration_ns, NARROWEST_NS);
  const length = Math.min(Math.max(window.to - window.from, NARROWEST_NS), limit);
  const from = Math.min(Math.max(window.from, 0), limit - length);
  return { from, to: from + length };
}

/** Zooms by a factor (< 1 is closer), the moment under the pointer staying where it is. */
export function zoom(window: Window, factor: number, at_ns: number, duration_ns: number): Window {
  const from = at_ns - (at_ns - window.from) * factor;
  const to = at_ns + (window.to - at_ns) * factor;
  if (to - from < NARROWEST_NS) return clampWindow({ from: at_ns - NARROWEST_NS / 2, to: at_ns + NARROWEST_NS / 2 }, duration_ns);
  return clampWindow({ from, to }, duration_ns);
}

/** Moves the window by a share of its length. */
export function pan(window: Window, share: number, duration_ns: number): Window {
  const by = (window.to - window.from) * share;
  return clampWindow({ from: window.from + by, to: window.to + by }, duration_ns);
}

/** The window moved, and widened if it must, so that a span can be seen. */
export function reveal(window: Window, start_ns: number, end_ns: number, duration_ns: number): Window {
  const length = window.to - window.from;
  const visible = Math.min(end_ns, window.to) - Math.max(start_ns, window.from);
  if (visible > 0 || (start_ns >= window.from && end_ns <= window.to)) return window;
  const wanted = Math.max(length, (end_ns - start_ns) * 1.2);
  const middle = (start_ns + end_ns) / 2;
  return clampWindow({ from: middle - wanted / 2, to: middle + wanted / 2 }, duration_ns);
}

export function toPixel(window: Window, width: number, at_ns: number): number {
  return ((at_ns - window.from) / (window.to - window.from)) * width;
}

export function toTime(window: Window, width: number, x: number): number {
  return window.from + (x / Math.max(width, 1)) * (window.to - window.from);
}

/** First and last shown position (exclusive) of rows of equal height in a scrolled box, with some rows to spare. */
export function shownRows(scrollTop: number, height: number, rowHeight: number, count: number, spare = 0): { first: number; last: number } {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - spare));
  const last = Math.max(first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + spare));
  return { first, last };
}

/** The scroll position at which a row is in sight, moved as little as possible; centred when it was far away. */
export function scrollTo(position: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = position * rowHeight;
  if (top >= scrollTop && top + rowHeight <= scrollTop + height) return scrollTop;
  const distance = top < scrollTop ? scrollTop - top : top + rowHeight - scrollTop - height;
  if (distance > height / 2) return Math.max(0, top - (height - rowHeight) / 2);
  return top < scrollTop ? top : top + rowHeight - height;
}

/** Round marks for the ruler: at most `most` of them, at multiples of 1, 2 or 5 times a power of ten nanoseconds. */
export function ticks(window: Window, most: number): number[] {
  const length = window.to - window.from;
  const rough = length / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const marks: number[] = [];
  for (let n = Math.ceil(window.from / step); n * step <= window.to; n += 1) marks.push(n * step);
  return marks;
}

/** A label for a mark of the ruler: every mark of one ruler is in the same unit, with the digits the step needs. */
export function tickLabel(at_ns: number, step_ns: number): string {
  const units: [string, number][] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];
  const [unit, size] = units.find(([, s]) => Math.max(at_ns, step_ns) >= s) ?? ["ns", 1];
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step_ns / size) + 1e-9)));
  return `${(at_ns / size).toFixed(digits)} ${unit}`;
}
