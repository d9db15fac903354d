// What is asked about transactions, and how periods compare. Pure.

const SUMMARY =
  "n=count(), failed=failure_count(), p50=p50(transaction.duration), p75=p75(transaction.duration), p95=p95(transaction.duration), p99=p99(transaction.duration), total=sum(transaction.duration)";

export const LIST = `from transactions | summarize ${SUMMARY} by transaction, project | sort total desc, transaction, project | limit 300`;
export const BREAKDOWN =
  "from spans | where transaction = $name and is_segment = false | summarize n=count(), total=sum(span.duration), p95=p95(span.duration) by span.op | sort total desc, span.op | limit 20";
export const SLOWEST = "from transactions | where transaction = $name | sort transaction.duration desc, id | project timestamp, trace, id, transaction.duration, span.status | limit 10";

/** What requests of at least so many milliseconds have in common that the others have not. */
export function differs(slow_ns: number): string {
  return `from transactions | where transaction = $name | diff \`transaction.duration:>=${Math.max(1, Math.round(slow_ns / 1e6))}ms\` vs rest | limit 8`;
}

export interface Numbers {
  n: number;
  failed: number;
  p50: number;
  p75: number;
  p95: number;
  p99: number;
  total: number;
}

export interface Transaction extends Numbers {
  name: string;
  project: string;
  before: Numbers | null;
}

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function read(row: readonly unknown[]): Transaction {
  const [name, project, n, failed, p50, p75, p95, p99, total] = row;
  return { name: text(name), project: text(project), n: number(n), failed: number(failed), p50: number(p50), p75: number(p75), p95: number(p95), p99: number(p99), total: number(total), before: null };
}

/** The rows of this period with those of the one before. */
export function joined(rows: readonly (readonly unknown[])[], before: readonly (readonly unknown[])[]): Transaction[] {
  const key = ({ name, project }: Transaction): string => `${project}\u0000${name}`;
  const old = new Map(before.map(read).map((row) => [key(row), row]));
  return rows.map(read).map((row) => ({ ...row, before: old.get(key(row)) ?? null }));
}

/** Fewer requests in either period say nothing about a percentile. */
const LEAST = 20;
const WORSE = 1.2;

/** How much a percentile changed, as a ratio; null when there is too little to tell. */
export function changeOf(transaction: Transaction, percentile: "p50" | "p75" | "p95" | "p99"): number | null {
  const { before, n } = transaction;
  if (!before || n < LEAST || before.n < LEAST || before[percentile] === 0) return null;
  return transaction[percentile] / before[percentile];
}

export type Sort = "total" | "p95" | "worse" | "failed" | "n";

/** Transactions in an order; `worse` has those whose 95th percentile grew most first. */
export function sorted(all: readonly Transaction[], by: Sort): Transaction[] {
  const keys: Record<Sort, (one: Transaction) => number> = {
    total: ({ total }) => total,
    p95: ({ p95 }) => p95,
    worse: (one) => changeOf(one, "p95") ?? 0,
    failed: ({ failed, n }) => (n > 0 ? failed / n : 0),
    n: ({ n }) => n,
  };
  return [...all].sort((a, b) => keys[by](b) - keys[by](a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Whether a ratio is worth a sign: a fifth up or down. */
export function trendOf(ratio: number | null): "slower" | "faster" | "" {
  if (ratio === null) return "";
  return ratio >= WORSE ? "slower" : ratio <= 1 / WORSE ? "faster" : "";
}

/** A ratio as `+34%`. */
export function ratioText(ratio: number | null): string {
  if (ratio === null) return "";
  const by = Math.round((ratio - 1) * 100);
  return by === 0 ? "±0%" : `${by > 0 ? "+" : "−"}${Math.abs(by)}%`;
}
