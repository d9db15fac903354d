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
