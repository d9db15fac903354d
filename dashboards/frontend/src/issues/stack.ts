// Exceptions and frames as people read them: newest first, own code open, library code folded. Pure.

export interface Frame {
  function: string;
  module: string;
  filename: string;
  abs_path: string;
  lineno: number | null;
  colno: number | null;
  in_app: boolean;
  pre_context: string[];
  context_line: string;
  post_context: string[];
  vars: Record<string, unknown> | null;
}

export interface Raised {
  type: string;
  value: string;
  module: string;
  handled: boolean | null;
  mechanism: Record<string, unknown> | null;
  frames: Frame[];
}

/** A run of frames shown one by one, or folded under one line. */
export interface Group {
  folded: boolean;
  /** Frames with the number they have in the stack, 0 being the innermost call. */
  frames: { frame: Frame; index: number }[];
}

/** A folded run this short costs as much space as its frames. */
const SHORTEST_FOLD = 2;

/**
 * Frames innermost first, in groups: library frames are folded, except the innermost (where it broke) and lone ones.
 * A stack without any own frame is not folded beyond the first ten: there is nothing better to show.
 */
export function groupFrames(frames: readonly Frame[]): Group[] {
  const rows = frames.map((frame, at) => ({ frame, index: frames.length - 1 - at })).reverse();
  if (rows.length === 0) return [];
  if (!frames.some((frame) => frame.in_app)) return foreignStack(rows);
  const groups: Group[] = [];
  let run: Group["frames"] = [];
  const close = (): void => {
    if (run.length > 0) groups.push({ folded: run.length >= SHORTEST_FOLD, frames: run });
    run = [];
  };
  for (const row of rows) {
    if (row.frame.in_app || row.index === 0) {
      close();
      groups.push({ folded: false, frames: [row] });
    } else {
      run.push(row);
    }
  }
  close();
  return joined(groups);
}

function foreignStack(rows: Group["frames"]): Group[] {
  const shown = rows.length > 12 ? 10 : rows.length;
  const groups: Group[] = [{ folded: false, frames: rows.slice(0, shown) }];
  if (shown < rows.length) groups.push({ folded: true, frames: rows.slice(shown) });
  return groups;
}

/** Neighbouring groups that are shown become one. */
function joined(groups: Group[]): Group[] {
  const result: Group[] = [];
  for (const group of groups) {
    const last = result[result.length - 1];
    if (last && !last.folded && !group.folded) last.frames.push(...group.frames);
    else result.push({ folded: group.folded, frames: [...group.frames] });
  }
  return result;
}

/** The frame to open at first: the innermost own one, or else the innermost. -1 for an empty stack. */
export function firstOpen(frames: readonly Frame[]): number {
  for (let at = frames.length - 1; at >= 0; at -= 1) if (frames[at]!.in_app) return frames.length - 1 - at;
  return frames.length > 0 ? 0 : -1;
}

export interface SourceLine {
  number: number | null;
  text: string;
  failing: boolean;
}

/** Source around a frame with line numbers; numbers are null when the frame has none. */
export function sourceLines(frame: Frame): SourceLine[] {
  if (frame.context_line === "" && frame.pre_context.length === 0 && frame.post_context.length === 0) return [];
  const numberAt = (offset: number): number | null => (frame.lineno ? Math.max(1, frame.lineno + offset) : null);
  const before = frame.pre_context.length;
  return [
    ...frame.pre_context.map((text, i) => ({ number: numberAt(i - before), text, failing: false })),
    { number: numberAt(0), text: frame.context_line, failing: true },
    ...frame.post_context.map((text, i) => ({ number: numberAt(i + 1), text, failing: false })),
  ];
}

/** File and place of a frame in one word: `shop/cart.py:42:7`. */
export function place(frame: Frame): string {
  const file = frame.filename || frame.abs_path || frame.module;
  const line = frame.lineno ? `:${frame.lineno}` : "";
  const column = frame.lineno && frame.colno ? `:${frame.colno}` : "";
  return `${file || "<unknown file>"}${line}${column}`;
}

/** The name of an exception with its module when that says more than the type alone. */
export function exceptionName(raised: Raised): string {
  const type = raised.type || "Error";
  return raised.module && raised.module !== "builtins" && !type.startsWith(raised.module) ? `${raised.module}.${type}` : type;
}

/** Exceptions as text to paste into a report: newest first as on the page, innermost frame first. */
export function stackText(exceptions: readonly Raised[]): string {
  return [...exceptions]
    .reverse()
    .map((raised, i) => {
      const head = `${i > 0 ? "Caused by: " : ""}${exceptionName(raised)}${raised.value ? `: ${raised.value}` : ""}`;
      return [head, ...[...raised.frames].reverse().map(frameText)].join("\n");
    })
    .join("\n\n");
}

function frameText(frame: Frame): string {
  const line = `  at ${frame.function || "<anonymous>"} (${place(frame)})`;
  return frame.context_line.trim() === "" ? line : `${line}\n      ${frame.context_line.trim()}`;
}

/** A value of a variable, a context or a request as text: strings as they are, the rest as JSON. */
export function valueText(value: unknown, indent = 0): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, indent) ?? "";
}

/** Only http and https addresses become links; everything else stays text. */
export function safeHref(text: string): string | null {
  if (!/^https?:\/\//iu.test(text)) return null;
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
