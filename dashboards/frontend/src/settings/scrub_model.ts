// What the page about personal data holds, sends and shows. Pure.

export interface ScrubDraft {
  scrub_rules: string;
  scrub_defaults: boolean;
  scrub_ip: string;
  scrub_email: string;
}

export interface ScrubProblem {
  line: number;
  start: number;
  end: number;
  message: string;
  hint: string;
}

export interface Trial {
  changed: boolean;
  diff: string[];
  remarks: string[];
  problems: ScrubProblem[];
}

/** An event with something in it for most rules, for a trial before anything was received. */
export const SAMPLE = {
  message: "Payment of ann@example.org with 4111 1111 1111 1111 failed",
  user: { id: "77", email: "ann@example.org", ip_address: "203.0.113.9" },
  request: { url: "https://example.org/pay?token=abc123", headers: [["Cookie", "sid=1f0a"]] },
  extra: { password: "hunter2", customer: "CUST-1042", attempts: 3 },
};

export function sameDraft(a: ScrubDraft, b: ScrubDraft): boolean {
  return (Object.keys(a) as (keyof ScrubDraft)[]).every((name) => a[name] === b[name]);
}

/** An event id among what was typed or pasted: with hyphens, in capitals, at the end of an address. */
export function eventIdOf(text: string): string {
  const plain = text.trim().toLowerCase().replace(/-/g, "");
  return /(?:^|[^0-9a-f])([0-9a-f]{32})(?:$|[^0-9a-f])/.exec(plain)?.[1] ?? "";
}

/** The body of a trial: of a stored event when one is named, else of the sample. */
export function trialBody(draft: ScrubDraft, eventId: string): Record<string, unknown> {
  return { ...draft, ...(eventId ? { event_id: eventId } : { event: SAMPLE }) };
}

/** How a line of a diff is drawn. */
export function lineKind(line: string): "added" | "removed" | "place" | "same" {
  if (line.startsWith("@@")) return "place";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

/** `scrubbed:card` and the like, as words. */
export function foundBy(remarks: readonly string[]): string {
  return remarks.map((remark) => remark.replace(/^scrubbed:/, "")).join(", ");
}
