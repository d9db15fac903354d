// The documents of the issue routes (GET /api/v1/issues …) as the pages use them. Pure types and small facts.

export type Status = "unresolved" | "resolved" | "ignored";

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
  assignee: string;
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
}

/** What can be set on issues; an absent member stays. */
export interface IssueChange {
  status?: Status;
  assignee?: string;
  priority?: string;
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
  action: string;
  details: Record<string, unknown>;
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
  return `${what} changed`;
}
