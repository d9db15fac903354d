// Colours of services: a stable hash into twelve hues. Pure.

/** How many service colours the style sheet declares (`--service-0` …). */
export const SERVICE_COLOURS = 12;

/** FNV-1a over UTF-16 code units: the same service has the same colour on every page and every day. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return h >>> 0;
}

/** Which of the service colours a service has. */
export function serviceColour(service: string): number {
  const h = hash(service);
  return ((h ^ (h >>> 15)) >>> 0) % SERVICE_COLOURS;
}

/**
 * The colours of the services of one trace: each its own, unless another has it already; then, in the order of names, the
 * next free one. With more services than colours they repeat.
 */
export function colourMap(names: Iterable<string>): Map<string, number> {
  const found = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...new Set(names)].sort()) {
    if (taken.size >= SERVICE_COLOURS) taken.clear();
    let colour = serviceColour(name);
    while (taken.has(colour)) colour = (colour + 1) % SERVICE_COLOURS;
    taken.add(colour);
    found.set(name, colour);
  }
  return found;
}

/** What spans are coloured by: where they ran, or what they did when all ran in one place. */
export interface Groups {
  kind: "service" | "op";
  /** The group of each span. */
  names: readonly string[];
}

/**
 * The groups of a trace's spans. A span without a service counts to its project, which is as much as most clients say;
 * a trace of one place only is grouped by the first word of the operation: http, db, cache.
 */
export function groupsOf(columns: { service: readonly string[]; project: readonly string[]; op: readonly string[] }): Groups {
  const places = columns.service.map((service, i) => service || columns.project[i] || "");
  if (new Set(places).size > 1) return { kind: "service", names: places };
  return { kind: "op", names: columns.op.map((op) => op.split(/[.\s]/u)[0] ?? "") };
}

/** Time spent in each group, the busiest first, from self times. */
export function shares(names: readonly string[], self_ns: readonly number[]): { service: string; spans: number; self_ns: number }[] {
  const found = new Map<string, { service: string; spans: number; self_ns: number }>();
  for (let i = 0; i < names.length; i += 1) {
    const service = names[i] ?? "";
    const entry = found.get(service) ?? { service, spans: 0, self_ns: 0 };
    entry.spans += 1;
    entry.self_ns += self_ns[i] ?? 0;
    found.set(service, entry);
  }
  return [...found.values()].sort((a, b) => b.self_ns - a.self_ns || b.spans - a.spans || (a.service < b.service ? -1 : 1));
}
