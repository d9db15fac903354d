// The document of GET /api/v1/profiles/flame, and the trees that are drawn of it. Pure: no DOM, no fetch.

export interface FlameDocument {
  unit: "ns" | "samples";
  /** Folded stacks of what is looked at, and of what it is compared with. */
  stacks: number[];
  samples: number[];
  truncated: boolean;
  cut: number;
  names: string[];
  in_app: boolean[];
  packages: string[];
  package: number[];
  name: number[];
  parent: number[];
  own: number[];
  total: number[];
  first: number[];
  base_own: number[] | null;
  base_total: number[] | null;
}

/** A tree of frames; a parent stands before its children, frame 0 is the root. */
export interface Frames {
  size: number;
  name: ArrayLike<number>;
  parent: ArrayLike<number>;
  own: ArrayLike<number>;
  total: ArrayLike<number>;
  first: ArrayLike<number>;
  /** Of what it is compared with, or null. */
  baseOwn: ArrayLike<number> | null;
  base: ArrayLike<number> | null;
}

export type Order = "weight" | "first";

/** Where frames are drawn: `x` and `wide` in shares of the root, rows by depth. */
export interface Placed {
  frames: Frames;
  x: Float64Array;
  wide: Float64Array;
  depth: Int32Array;
  /** Frames of each depth from left to right. */
  levels: Int32Array[];
}

export function framesOf(document: FlameDocument): Frames {
  const { name, parent, own, total, first, base_own, base_total } = document;
  return { size: name.length, name, parent, own, total, first, baseOwn: base_own, base: base_total };
}

/** The share of a frame in the root, of what is looked at and of what it is compared with. */
export function shares(frames: Frames, frame: number): { shown: number; base: number } {
  const all = frames.total[0] || 1;
  const other = frames.base?.[0] || 1;
  return { shown: frames.total[frame]! / all, base: frames.base ? frames.base[frame]! / other : 0 };
}

/** Lays a tree out; compared trees are as wide as the mean of both shares, so that what is gone can be seen. */
export function place(frames: Frames, order: Order): Placed {
  const { size, parent } = frames;
  const wide = new Float64Array(size);
  const depth = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    const { shown, base } = shares(frames, i);
    wide[i] = frames.base ? (shown + base) / 2 : shown;
    if (i > 0) depth[i] = depth[parent[i]!]! + 1;
  }
  if (size > 0) wide[0] = 1;
  const rank = order === "weight" ? (a: number, b: number) => wide[b]! - wide[a]! || a - b : (a: number, b: number) => frames.first[a]! - frames.first[b]! || a - b;
  const sorted = Array.from({ length: size }, (_, i) => i).sort(rank);
  const x = new Float64Array(size);
  const used = new Float64Array(size);
  const levels: number[][] = [];
  // A level after the other: where a child begins depends on its parent only.
  const byDepth: number[][] = [];
  for (const frame of sorted) (byDepth[depth[frame]!] ??= []).push(frame);
  for (const frames_ of byDepth) {
    for (const frame of frames_) {
      const above = parent[frame]!;
      if (above < 0) continue;
      x[frame] = x[above]! + used[above]!;
      used[above]! += wide[frame]!;
    }
    levels.push(frames_.sort((a, b) => x[a]! - x[b]!));
  }
  return { frames, x, wide, depth, levels: levels.map((level) => Int32Array.from(level)) };
}

/** Which names a search finds: words in any case, all of them in the name; null without a search. */
export function matching(names: readonly string[], search: string): Uint8Array | null {
  const words = search.toLowerCase().split(/\s+/u).filter((word) => word !== "");
  if (words.length === 0) return null;
  return Uint8Array.from(names, (name) => (words.every((word) => name.toLowerCase().includes(word)) ? 1 : 0));
}

/** The share of all that has a matching frame on its stack; nested ones count once. */
export function matchedShare(frames: Frames, found: Uint8Array): number {
  const within = new Uint8Array(frames.size);
  let sum = 0;
  for (let i = 1; i < frames.size; i += 1) {
    const above = within[frames.parent[i]!]!;
    if (found[frames.name[i]!] && !above) sum += frames.total[i]!;
    within[i] = above || found[frames.name[i]!]!;
  }
  return sum / (frames.total[0] || 1);
}

/** A function with all of its frames together. */
export interface Line {
  name: number;
  own: number;
  total: number;
  baseOwn: number;
  baseTotal: number;
}

/** Every function, the one with the most own weight first; a recursive function counts once in its total. */
export function top(frames: Frames, names: number): Line[] {
  const lines: Line[] = Array.from({ length: names }, (_, name) => ({ name, own: 0, total: 0, baseOwn: 0, baseTotal: 0 }));
  for (let i = 1; i < frames.size; i += 1) {
    const name = frames.name[i]!;
    const line = lines[name]!;
    line.own += frames.own[i]!;
    line.baseOwn += frames.baseOwn?.[i] ?? 0;
    if (isUnder(frames, i, name)) continue;
    line.total += frames.total[i]!;
    line.baseTotal += frames.base?.[i] ?? 0;
  }
  return lines.filter(({ total, baseTotal }) => total > 0 || baseTotal > 0).sort((a, b) => b.own - a.own || b.total - a.total || a.name - b.name);
}

/** Whether an ancestor of a frame has the name. */
function isUnder(frames: Frames, frame: number, name: number): boolean {
  for (let at = frames.parent[frame]!; at > 0; at = frames.parent[at]!) if (frames.name[at] === name) return true;
  return false;
}

/** Grows a tree frame by frame; frames of one parent with one name are one. */
class Growing {
  readonly name: number[] = [-1];
  readonly parent: number[] = [-1];
  readonly own: number[] = [0];
  readonly total: number[] = [0];
  readonly first: number[] = [0];
  readonly baseOwn: number[] = [0];
  readonly base: number[] = [0];
  readonly #known = new Map<string, number>();

  at(parent: number, name: number, first: number): number {
    const key = `${parent}/${name}`;
    let frame = this.#known.get(key);
    if (frame === undefined) {
      frame = this.name.push(name) - 1;
      this.parent.push(parent);
      this.own.push(0);
      this.total.push(0);
      this.first.push(first);
      this.baseOwn.push(0);
      this.base.push(0);
      this.#known.set(key, frame);
    }
    return frame;
  }

  add(frame: number, from: Frames, source: number): void {
    this.total[frame]! += from.total[source]!;
    this.base[frame]! += from.base?.[source] ?? 0;
  }

  frames(compared: boolean): Frames {
    const { name, parent, own, total, first, baseOwn, base } = this;
    return { size: name.length, name, parent, own, total, first, baseOwn: compared ? baseOwn : null, base: compared ? base : null };
  }
}

/** What calls a function and what it calls, each as a tree that begins with it. */
export function sandwich(frames: Frames, name: number): { callers: Frames; callees: Frames } {
  const callers = new Growing();
  const callees = new Growing();
  const place_ = new Map<number, number>();
  for (let i = 1; i < frames.size; i += 1) {
    const above = place_.get(frames.parent[i]!);
    const begins = above === undefined && frames.name[i] === name;
    if (above === undefined && !begins) continue;
    const frame = callees.at(above ?? 0, frames.name[i]!, frames.first[i]!);
    place_.set(i, frame);
    callees.add(frame, frames, i);
    callees.own[frame]! += frames.own[i]!;
    callees.baseOwn[frame]! += frames.baseOwn?.[i] ?? 0;
    if (!begins) continue;
    callees.add(0, frames, i);
    callers.add(0, frames, i);
    for (let at = i, to = 0; at > 0; at = frames.parent[at]!) {
      to = callers.at(to, frames.name[at]!, frames.first[at]!);
      callers.add(to, frames, i);
    }
  }
  return { callers: callers.frames(frames.base !== null), callees: callees.frames(frames.base !== null) };
}

/** How much a share changed: `+25%`, `-3.1%`, `new`, `gone`, `=`. */
export function change(shown: number, base: number): string {
  if (base === 0) return shown === 0 ? "=" : "new";
  if (shown === 0) return "gone";
  const by = (shown / base - 1) * 100;
  if (Math.abs(by) < 0.05) return "=";
  const digits = Math.abs(by) < 10 ? 1 : 0;
  return `${by > 0 ? "+" : "−"}${Math.abs(by).toFixed(digits)}%`;
}

/** A frame's text in its parts: `module:function file:line`. */
export function partsOf(text: string): { module: string; name: string; file: string } {
  const found = /^(.*?)(?: (\S+))?$/su.exec(text);
  const called = found?.[1] ?? text;
  const colon = called.indexOf(":");
  const module = colon > 0 ? called.slice(0, colon) : "";
  return { module, name: module ? called.slice(colon + 1) : called, file: found?.[2] ?? "" };
}
