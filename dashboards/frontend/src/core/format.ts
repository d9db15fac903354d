// Numbers with their units as text. Pure.

const GROUPS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const FRACTION = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });

/** A number with groups of three: `12,345`; fractions keep six significant digits. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? GROUPS.format(value) : FRACTION.format(value);
}

/** A number with what is counted: `1 error`, `2 errors`. */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** A number in few characters: `950`, `12.3k`, `4.56M`. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  for (const [unit, factor] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (size >= factor) return `${trim(value / factor)}${unit}`;
  }
  return Number.isInteger(value) ? String(value) : trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const DURATIONS = [
  ["d", 864e11],
  ["h", 36e11],
  ["min", 6e10],
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
] as const;

/** A duration: `1.23 ms`, `2 min`, `3 d`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0";
  const size = Math.abs(nanoseconds);
  const [unit, factor] = DURATIONS.find(([, each]) => size >= each) ?? ["ns", 1];
  return `${trim(nanoseconds / factor)} ${unit}`;
}

/** A size: `512 B`, `1.5 MB` (factors of 1000). */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  for (const [unit, factor] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (size >= factor) return `${trim(bytes / factor)} ${unit}`;
  }
  return `${trim(bytes)} B`;
}

/** A ratio as a percentage. */
export function formatRatio(value: number): string {
  return `${trim(value * 100)}%`;
}

/** Nanoseconds in one of a duration column's unit words. */
export function unitNs(unit: string): number {
  return { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9 }[unit] ?? 1;
}

/** A number of a result column, by the column's type and unit words. */
export function formatQuantity(value: number, type: string, unit: string, short = false): string {
  if (type === "duration") return formatDuration(value * unitNs(unit));
  if (type === "size") return formatBytes(value);
  if (type === "ratio") return formatRatio(value);
  return short ? formatShort(value) : formatNumber(value);
}
