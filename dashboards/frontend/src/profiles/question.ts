// Which stacks are asked for, from the address of the page. Pure.
import { apiQuery, DEFAULT_RANGE, type UrlState } from "../core/search.ts";
import { rangeMs, rfc3339 } from "../core/time.ts";

export type Against = "" | "previous" | "release" | "filter";
export type Mode = "flame" | "first" | "sandwich" | "top";

export interface Wanted {
  /** Search over profiles. */
  q: string;
  /** Release that is looked at, or empty for all. */
  release: string;
  against: Against;
  /** The other release, or the other search. */
  base: string;
  mode: Mode;
  /** Words that frames are searched by. */
  find: string;
  /** The function of the sandwich. */
  focus: string;
}

const AGAINST: readonly Against[] = ["previous", "release", "filter"];
const MODES: readonly Mode[] = ["flame", "first", "sandwich", "top"];

export function wantedOf(page: Readonly<Record<string, string>>): Wanted {
  const { q = "", release = "", vs = "", base = "", mode = "", find = "", fn = "" } = page;
  return {
    q,
    release,
    against: AGAINST.find((one) => one === vs) ?? "",
    base,
    mode: MODES.find((one) => one === mode) ?? "flame",
    find,
    focus: fn,
  };
}

/** A value as a search takes it, in quotes with its own escaped. */
export function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function search(q: string, release: string): string {
  return [q.trim(), release ? `release:${quoted(release)}` : ""].filter((part) => part !== "").join(" ");
}

/** The parameters of the flame route. */
export function flameQuery(state: UrlState, wanted: Wanted, now: number): [string, string][] {
  const pairs = apiQuery(state);
  const shown = search(wanted.q, wanted.release);
  if (shown) pairs.push(["query", shown]);
  if (wanted.against === "") return pairs;
  pairs.push(["compare", "true"]);
  if (wanted.against === "previous") {
    const { start, end } = before(state, now);
    pairs.push(["base", shown], ["base_start", start], ["base_end", end]);
  } else pairs.push(["base", wanted.against === "release" ? search(wanted.q, wanted.base) : wanted.base.trim()]);
  return pairs;
}

/** The range of the same length just before. */
export function before(state: UrlState, now: number): { start: string; end: string } {
  const end = state.start ? Date.parse(state.end) : now;
  const start = state.start ? Date.parse(state.start) : now - (rangeMs(state.range || DEFAULT_RANGE) ?? 864e5);
  return { start: rfc3339(new Date(2 * start - end)), end: rfc3339(new Date(start)) };
}

/** The texts of the lists beside the graph. */
export const TRANSACTIONS = "from profiles | summarize weight=sum(weight), samples=sum(samples) by transaction | sort weight desc | limit 100";
export const RELEASES = "from profiles | summarize samples=sum(samples), seen=max(timestamp) by release | sort seen desc | limit 50";
