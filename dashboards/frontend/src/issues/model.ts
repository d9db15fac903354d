// The documents of the issue routes (GET /api/v1/issues …) as the pages use them. Pure types and small facts.

export type Status = "unresolved" | "resolved" | "ignored";

/** In what an issue is resolved; `text` says it in words, empty for a plain resolution. */
export interface Resolution {
  in: string;
  release: string;
  commit: string;
  text: string;
}

/** Until when an issue is archived; `text` says it in words. */
export interface Archive {
  until: string;
  count: number;
  window_s: number;
  date: string | null;
  text: string;
}

/** One item of the issue list. */
export interface Issue {
  id: string;
  issue_id: string;
  project: string;
  title: string;
  culprit: string;
  level: string;
  status: Status;
  substatus: string;
  priority: string;
  /** Who chose the priority; empty while it is computed. */
  priority_by: string;
  assignee: string;
  since: string;
  resolution: Resolution | null;
  archive: Archive | null;
  first_release: string;
  events: number;
  users: number;
  /** First and last event in the range; null when it has none. */
  first_seen: string | null;
  last_seen: string | null;
  created_at: string;
  trend: number[];
  version: number;
}

export interface ListMeta {
  start: string;
  end: string;
  trend_step_s: number;
  total: number | null;
  elapsed_ms: number;
  query: string;
}

export interface ListPage {
  items: Issue[];
  next: string | null;
  meta: ListMeta;
}

/** Workflow state of an issue, as POST issues/bulk returns it and takes it back to undo. */
export interface IssueState {
  id: string;
  status: Status;
  substatus: string;
  assignee: string;
  priority: string;
  priority_by: string;
  condition: Record<string, string | number>;
  since: string;
}

/** What can be set on issues; an absent member stays. */
export interface IssueChange {
  status?: Status;
  resolution?: { in: string; release?: string; commit?: string };
  archive?: { until: string; count?: number; window_s?: number; date?: string };
  assignee?: string;
  priority?: string;
}

/** What a dialog asks for. */
export type Ask = "resolve" | "archive" | "priority";

/** In what time a number of events or users is reached. */
export const WINDOWS = [
  { label: "in all", seconds: 0 },
  { label: "within 1 hour", seconds: 3_600 },
  { label: "within 1 day", seconds: 86_400 },
  { label: "within 1 week", seconds: 604_800 },
] as const;

/** A time some days ahead, in the reader's zone, as a field for dates takes it: `2026-05-01T12:00`. */
export function daysAhead(now_ms: number, days: number): string {
  const at = new Date(now_ms + days * 86_400_000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** An issue as it will be when a change has been made; what only the server knows is empty until it answers. */
export function applied(issue: Issue, change: IssueChange): Issue {
  const { resolution, archive, priority, ...plain } = change;
  const after: Issue = { ...issue, ...plain };
  if (priority !== undefined && priority !== "auto") after.priority = priority;
  if (change.status === undefined || (change.status === issue.status && !resolution && !archive)) return after;
  after.substatus = "";
  after.resolution = resolution ? { in: resolution.in, release: resolution.release ?? "", commit: resolution.commit ?? "", text: "" } : null;
  after.archive = archive ? { until: archive.until, count: archive.count ?? 0, window_s: archive.window_s ?? 0, date: archive.date ?? null, text: "" } : null;
  return after;
}

/** The state of an issue, as the server takes it back to undo. */
export function stateOf(issue: Issue): IssueState {
  const { id, status, substatus, assignee, priority, priority_by, since } = issue;
  return { id, status, substatus, assignee, priority, priority_by, since, condition: condition(issue) };
}

/** An issue with an earlier state put back; the server's next answer says in words what it depends on. */
export function withState(issue: Issue, state: IssueState): Issue {
  const { condition: kept, ...known } = state;
  const text = (name: string): string => String(kept[name] ?? "");
  return {
    ...issue,
    ...known,
    resolution: state.status === "resolved" ? { in: text("in") || "now", release: text("release"), commit: text("commit"), text: "" } : null,
    archive:
      state.status === "ignored"
        ? { until: text("until") || "forever", count: Number(kept.count ?? 0), window_s: Number(kept.window_s ?? 0), date: text("date") || null, text: "" }
        : null,
  };
}

/** What a state depends on, without what says nothing. */
function condition({ resolution, archive }: Issue): Record<string, string | number> {
  const said: [string, string | number | null | undefined][] = [];
  if (resolution && resolution.in !== "now") said.push(["in", resolution.in], ["release", resolution.release], ["commit", resolution.commit]);
  if (archive && !["forever", "escalating"].includes(archive.until)) {
    said.push(["until", archive.until], ["count", archive.count], ["window_s", archive.window_s], ["date", archive.date]);
  }
  return Object.fromEntries(said.filter((pair): pair is [string, string | number] => Boolean(pair[1])));
}

/** The state in words: "Resolved in release shop@1.4.0", "Archived until it escalates", "regressed". */
export function stateText(issue: Issue): string {
  if (issue.status === "resolved") return `Resolved ${issue.resolution?.text ?? ""}`.trim();
  if (issue.status === "ignored") return `Archived ${issue.archive?.text ?? ""}`.trim();
  return issue.substatus || "Unresolved";
}

/** Somebody an issue can be assigned to. */
export interface Candidate {
  assignee: string;
  name: string;
}

/** An entry of the audit about an issue. */
export interface Activity {
  at: string;
  actor: string;
  /** The actor as people say it, and what was done in words. */
  who: string;
  text: string;
}

/** The document of one issue. */
export interface IssueDocument extends Issue {
  tags_query: string;
  events_query: string;
  activity: Activity[];
  possible_assignees: Candidate[];
}

/** Severities in order, worst first; each has a shape besides its colour. */
export const LEVELS = ["fatal", "error", "warning", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

/** The level as one of the known ones: what clients make up reads as an error. */
export function knownLevel(level: string): Level {
  const found = LEVELS.find((known) => known === level);
  if (found) return found;
  return level === "critical" ? "fatal" : level === "warn" ? "warning" : level === "log" || level === "notice" ? "info" : "error";
}

/** The type and the value of a title: `ZeroDivisionError: division by zero` has both, a message only the second. */
export function splitTitle(title: string): { type: string; value: string } {
  const match = /^([\p{L}_$][\p{L}\p{N}_$.<>:[\]`, -]{0,120}?): (.+)$/su.exec(title);
  if (match && !/\s/u.test(match[1]!)) return { type: match[1]!, value: match[2]! };
  if (/^[\p{L}_$][\p{L}\p{N}_$.]*(?:Error|Exception|Fault|Panic|Warning|Exit|Interrupt)$/u.test(title)) return { type: title, value: "" };
  return { type: "", value: title };
}

/** "user:ada@example.org" or "team:web" as people say it. */
export function assigneeName(assignee: string): string {
  if (assignee === "") return "Unassigned";
  const at = assignee.indexOf(":");
  return assignee.startsWith("team:") ? `#${assignee.slice(at + 1)}` : assignee.slice(at + 1);
}

/** Up to two letters that stand for an assignee. */
export function initials(assignee: string): string {
  const name = assignee.slice(assignee.indexOf(":") + 1).split("@")[0] ?? "";
  const parts = name.split(/[\s._-]+/u).filter((part) => part !== "");
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : [parts[0]];
  return letters.map((part) => [...(part ?? "")][0] ?? "").join("").toUpperCase();
}

/** How a change reads in a toast: "3 issues resolved". */
export function said(change: IssueChange, count: number): string {
  const what = count === 1 ? "1 issue" : `${count.toLocaleString("en")} issues`;
  if (change.status === "resolved") return `${what} resolved`;
  if (change.status === "ignored") return `${what} archived`;
  if (change.status === "unresolved") return `${what} reopened`;
  if (change.assignee === "") return `${what} unassigned`;
  if (change.assignee !== undefined) return `${what} assigned to ${assigneeName(change.assignee)}`;
  if (change.priority === "auto") return `${what} with a computed priority`;
  if (change.priority !== undefined) return `${what} set to ${change.priority} priority`;
  return `${what} changed`;
}
