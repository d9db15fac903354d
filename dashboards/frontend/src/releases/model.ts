// Documents of releases, and how numbers of two of them compare. Pure.
import { formatNumber } from "../core/format.ts";

export interface Deploy {
  environment: string;
  name: string | null;
  url: string | null;
  at: string | null;
}

export interface Release {
  project: string;
  version: string;
  latest: boolean;
  began: string;
  released_at: string | null;
  first_seen: string | null;
  last_seen: string | null;
  adoption: number | null;
  sessions: number;
  users: number;
  crash_free_sessions: number | null;
  crash_free_users: number | null;
  transactions: number;
  p95_ms: number | null;
  errors: number;
  new_issues: number;
  commits: number;
  deploys: Deploy[];
}

export interface ReleaseIssue {
  id: string;
  title: string;
  culprit: string;
  level: string;
  status: string;
  substatus: string;
  priority: string;
  first_seen: string;
  events: number;
  users: number;
}

export interface ReleaseDetail {
  release: Release;
  compared: Release | null;
  others: string[];
  new: ReleaseIssue[];
  regressed: ReleaseIssue[];
  resolved: ReleaseIssue[];
  all_deploys: Deploy[];
}

/** A share of one in percent: crash-free rates differ in the second decimal. */
export function percent(share: number | null): string {
  if (share === null) return "–";
  const value = share * 100;
  // 99.996 % of a million sessions are 40 crashes: only what is whole is written so.
  const floored = Math.floor(value * 100) / 100;
  return `${value === 100 ? "100" : floored.toFixed(value >= 90 ? 2 : 1)}%`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

export type Verdict = "better" | "worse" | "same";

export interface Row {
  name: string;
  here: string;
  there: string;
  change: string;
  verdict: Verdict;
}

const COUNT = (value: number | null): string => (value === null ? "–" : formatNumber(value));

/** Names, how to read them, how to write them, and whether more is better (1), worse (-1) or neither (0). */
const MEASURES: readonly [string, (one: Release) => number | null, (value: number | null) => string, -1 | 0 | 1][] = [
  ["Crash-free sessions", (one) => one.crash_free_sessions, percent, 1],
  ["Crash-free users", (one) => one.crash_free_users, percent, 1],
  ["Adoption, last day", (one) => one.adoption, percent, 0],
  ["Sessions", (one) => one.sessions, COUNT, 0],
  ["Errors", (one) => one.errors, COUNT, 0],
  ["Errors per 1,000 sessions", (one) => (one.sessions > 0 ? (one.errors / one.sessions) * 1000 : null), per, -1],
  ["New issues", (one) => one.new_issues, COUNT, -1],
  ["Transactions", (one) => one.transactions, COUNT, 0],
  ["P95 of transactions", (one) => one.p95_ms, milliseconds, -1],
];

function per(value: number | null): string {
  return value === null ? "–" : formatNumber(Number(value.toPrecision(3)));
}

/** The measures of a release beside those of another; what neither has is left out. */
export function compared(here: Release, there: Release | null): Row[] {
  return MEASURES.flatMap(([name, read, write, better]) => {
    const value = read(here);
    const before = there === null ? null : read(there);
    if (!value && !before) return [];
    const verdict = value === null || before === null || value === before || better === 0 ? "same" : Math.sign(value - before) === better ? "better" : "worse";
    return [{ name, here: write(value), there: write(before), change: change(value, before, write === percent), verdict }];
  });
}

/** The difference in words: points of a percentage, otherwise percent of what was. */
export function change(value: number | null, before: number | null, isShare: boolean): string {
  if (value === null || before === null || value === before) return "";
  const sign = value > before ? "+" : "−";
  if (isShare) return `${sign}${(Math.abs(value - before) * 100).toFixed(2)} pp`;
  if (before === 0) return "";
  const ratio = Math.abs(value - before) / before;
  return ratio >= 10 ? `${sign}×${formatNumber(Number((value / before).toPrecision(3)))}` : `${sign}${Number((ratio * 100).toPrecision(3))}%`;
}

/** The address of a release's page. */
export function releasePath(project: string, version: string): string {
  return `/app/releases/${encodeURIComponent(project)}/${version.split("/").map(encodeURIComponent).join("/")}`;
}

/** The version without the package's name, where there is one. */
export function shortVersion(version: string): string {
  const at = version.lastIndexOf("@");
  return at > 0 && at < version.length - 1 ? version.slice(at + 1) : version;
}

/** A value of a search, in quotes. */
export function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export interface Author {
  name: string;
  commits: number;
}

/** Who wrote commits, those with most first. */
export function authors(commits: readonly { author_name: string; author_email: string | null }[]): Author[] {
  const found = new Map<string, Author>();
  for (const one of commits) {
    const key = (one.author_email ?? one.author_name).toLowerCase();
    const known = found.get(key);
    if (known) known.commits += 1;
    else found.set(key, { name: one.author_name, commits: 1 });
  }
  return [...found.values()].sort((a, b) => b.commits - a.commits || a.name.localeCompare(b.name));
}
