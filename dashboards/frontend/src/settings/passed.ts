// How long ago, or how far ahead, in words. Pure.

const STEPS = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["min", 60],
] as const;

/** `3 hours ago`, `in 2 days`, `just now`. */
export function passed(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds)) return at;
  const size = Math.abs(seconds);
  const step = STEPS.find(([, each]) => size >= each);
  if (!step) return seconds >= 0 ? "just now" : "in less than a minute";
  const count = Math.floor(size / step[1]);
  const unit = step[0] === "min" || count === 1 ? step[0] : `${step[0]}s`;
  return seconds >= 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}
