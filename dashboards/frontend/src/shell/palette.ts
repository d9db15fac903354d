// What the palette offers for a typed text, best first. Pure.

export interface Choice {
  /** Unique; what was chosen lately is remembered by it. */
  id: string;
  label: string;
  /** Heading it stands under. */
  group: string;
  /** Said behind the label: keys, a path. */
  note?: string;
  /** Further words it is found by. */
  words?: string;
}

/** How well a text fits what was typed: 0 not at all; words at the beginning count most. */
export function fit(typed: string, text: string): number {
  const wanted = typed.trim().toLowerCase();
  const found = text.toLowerCase();
  if (!wanted) return 1;
  if (found === wanted) return 100;
  if (found.startsWith(wanted)) return 80;
  const words = wanted.split(/\s+/);
  const starts = found.split(/[^\p{L}\p{N}]+/u);
  if (words.every((word) => starts.some((start) => start.startsWith(word)))) return 60;
  if (words.every((word) => found.includes(word))) return 40;
  return 0;
}

/** Whether letters stand in a text in their order and near to each other. */
export function scattered(typed: string, text: string): boolean {
  const wanted = typed.trim().toLowerCase();
  const found = text.toLowerCase();
  let at = -1;
  let gaps = 0;
  for (const letter of wanted.replace(/\s+/g, "")) {
    const next = found.indexOf(letter, at + 1);
    if (next < 0) return false;
    if (at >= 0) gaps += next - at - 1;
    at = next;
  }
  return wanted !== "" && gaps <= wanted.length * 2;
}

function scoreOf(typed: string, choice: Choice): number {
  const whole = fit(typed, `${choice.group} ${choice.label} ${choice.words ?? ""}`) * 0.5;
  return Math.max(fit(typed, choice.label), whole, scattered(typed, choice.label) ? 5 : 0);
}

/** The choices that fit, the best first, otherwise in the order they came; at most `most`. */
export function ranked<C extends Choice>(typed: string, choices: readonly C[], most: number): C[] {
  return choices
    .map((choice, place) => ({ choice, place, score: scoreOf(typed, choice) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, most)
    .map(({ choice }) => choice);
}

/** Choices one under the other by heading, headings in the order of their best choice. */
export function byGroup<C extends Choice>(choices: readonly C[]): [string, C[]][] {
  const groups = new Map<string, C[]>();
  for (const choice of choices) groups.set(choice.group, [...(groups.get(choice.group) ?? []), choice]);
  return [...groups];
}

export interface Place {
  label: string;
  href: string;
}

const SHORT_ID = /^[A-Z0-9][A-Z0-9_-]*-\d+$/i;
const HEX = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Where a pasted name of something leads: an issue, a trace, an event. */
export function placesOf(typed: string): Place[] {
  const text = typed.trim();
  if (SHORT_ID.test(text) && !HEX.test(text)) {
    return [{ label: `Issue ${text.toUpperCase()}`, href: `/app/issues/${encodeURIComponent(text.toUpperCase())}` }];
  }
  if (!HEX.test(text)) return [];
  const id = text.replaceAll("-", "").toLowerCase();
  return [
    { label: `Trace ${id}`, href: `/app/traces/${id}` },
    { label: `Event ${id}`, href: `/app/discover?q=${encodeURIComponent(`from errors id:${id}`)}&range=30d` },
  ];
}
