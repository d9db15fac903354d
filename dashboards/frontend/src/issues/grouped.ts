// What an event was grouped by, as the API tells it, and how it is said.
export interface Frame {
  exception: number;
  frame: number;
  key: string;
  counts: boolean;
  why: string;
}

export interface Grouped {
  version: string;
  fingerprint: string;
  source: string;
  parts: string[];
  rule: string;
  rule_line: number;
  wrappers: string[];
  frames: Frame[];
  fingerprint_before: string;
}

const SOURCES: Record<string, string> = {
  exception: "By its cause and the frames that tell where it is",
  stacktrace: "By the frames of its stack",
  message: "By its message without values, as it has no stack",
  template: "By the template of its message",
  report: "By the crash its text reports",
  client: "By the fingerprint the client set",
  rule: "By a fingerprint rule of the project",
  fallback: "By what it is, as it has neither error nor message",
};
const LABELS = ["type", "frame", "value", "crash", "at"];

/** What decided, in words. */
export function sourceText(found: Grouped): string {
  return SOURCES[found.source] ?? "By its parts";
}

/** A part as label and value: "frame shop.cart total" is a frame; other parts are text. */
export function labelled(part: string): [string, string] {
  const space = part.indexOf(" ");
  const label = part.slice(0, space);
  return space > 0 && LABELS.includes(label) ? [label, part.slice(space + 1)] : ["", part];
}
