// Times, ranges and durations as text. Pure; the zone one reads them in is `zone.ts`.

export type Zone = "utc" | "local";

const UNITS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** The ranges one chooses from. */
export const RANGES = ["15m", "1h", "24h", "7d", "30d"] as const;

/** Milliseconds of a range such as `24h`; null when it is none. */
export function rangeMs(range: string): number | null {
  const found = /^(\d+)(s|m|h|d|w)$/.exec(range);
  return found ? Number(found[1]) * UNITS[found[2]!]! : null;
}

const WORDS: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** `Last 24 hours` for `24h`. */
export function rangeLabel(range: string): string {
  const found = /^(\d+)(s|m|h|d|w)$/.exec(range);
  if (!found) return range;
  const count = Number(found[1]);
  return `Last ${count === 1 ? "" : `${count} `}${WORDS[found[2]!]}${count === 1 ? "" : "s"}`;
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

function partsOf(moment: Date, zone: Zone): Parts {
  return zone === "utc"
    ? {
        year: moment.getUTCFullYear(),
        month: moment.getUTCMonth() + 1,
        day: moment.getUTCDate(),
        hour: moment.getUTCHours(),
        minute: moment.getUTCMinutes(),
        second: moment.getUTCSeconds(),
      }
    : {
        year: moment.getFullYear(),
        month: moment.getMonth() + 1,
        day: moment.getDate(),
        hour: moment.getHours(),
        minute: moment.getMinutes(),
        second: moment.getSeconds(),
      };
}

/** An RFC 3339 time as `2026-03-01 12:00:05.123`: at most milliseconds of what it came with, all of it when `exact`. */
export function formatTime(text: string, zone: Zone, exact = false): string {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  const p = partsOf(moment, zone);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const shown = exact ? fraction : fraction.slice(0, 3);
  return `${p.year}-${pad(p.month)}-${pad(p.day)} ${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}${shown ? `.${shown}` : ""}`;
}

/** `2026-03-01T12:00`, as a datetime-local input wants it. */
export function inputTime(moment: Date, zone: Zone): string {
  const p = partsOf(moment, zone);
  return `${p.year}-${pad(p.month)}-${pad(p.day)}T${pad(p.hour)}:${pad(p.minute)}`;
}

/** The moment a datetime-local input means. */
export function fromInput(text: string, zone: Zone): Date {
  return new Date(zone === "utc" ? `${text}Z` : text);
}

/** RFC 3339 in UTC, without a fraction that is zero. */
export function rfc3339(moment: Date): string {
  return moment.toISOString().replace(".000Z", "Z");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Mar 1, 12:00 – 13:30` or `Mar 1, 12:00 – Mar 2, 12:00`. */
export function absoluteLabel(start: string, end: string, zone: Zone): string {
  const a = partsOf(new Date(start), zone);
  const b = partsOf(new Date(end), zone);
  const day = (p: Parts) => `${MONTHS[p.month - 1]} ${p.day}`;
  const seconds = a.second || b.second;
  const clock = (p: Parts) => `${pad(p.hour)}:${pad(p.minute)}${seconds ? `:${pad(p.second)}` : ""}`;
  const sameDay = a.year === b.year && a.month === b.month && a.day === b.day;
  const year = a.year === b.year ? "" : ` ${a.year}`;
  return `${day(a)}${year}, ${clock(a)} – ${sameDay ? "" : `${day(b)}${a.year === b.year ? "" : ` ${b.year}`}, `}${clock(b)}`;
}

/** How long ago a time was: `3m`, `2h`, `5d`; `now` below a minute. */
export function ago(text: string, now: number = Date.now()): string {
  const ms = now - new Date(text).getTime();
  if (Number.isNaN(ms)) return text;
  const minutes = Math.floor(Math.abs(ms) / 6e4);
  const shown = minutes < 1 ? "now" : minutes < 60 ? `${minutes}m` : minutes < 2880 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`;
  return ms < 0 && shown !== "now" ? `in ${shown}` : shown;
}

/** The part of a state of the address that says which time. */
export interface Range {
  range: string;
  start: string;
  end: string;
}

/** Both ends of a range in milliseconds; one that moves ends now. */
export function endsOf({ range, start, end }: Range, now: number): [number, number] {
  if (start && end) return [Date.parse(start), Date.parse(end)];
  return [now - (rangeMs(range || "24h") ?? 864e5), now];
}

const fixed = (start: number, end: number): Range => ({ range: "", start: rfc3339(new Date(start)), end: rfc3339(new Date(end)) });

/** The same time with fixed ends. */
export function frozen(state: Range, now: number): Range {
  return fixed(...endsOf(state, now));
}

/** The time before (-1) or after (1), by half of its length; never beyond now. */
export function shifted(state: Range, way: -1 | 1, now: number): Range {
  const [start, end] = endsOf(state, now);
  const step = Math.min((way * (end - start)) / 2, Math.max(0, now - end));
  return fixed(start + step, end + step);
}

/** Twice the time around its middle; never beyond now. */
export function widened(state: Range, now: number): Range {
  const [start, end] = endsOf(state, now);
  const half = (end - start) / 2;
  const last = Math.min(now, end + half);
  return fixed(last - 4 * half, last);
}
