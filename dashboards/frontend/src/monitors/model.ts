// Documents of monitors, and what the pages say of them. Pure.
import { ago } from "../core/time.ts";

export type End = "ok" | "error" | "missed" | "timeout";
export type State = End | "waiting";

export interface Run {
  at: string;
  status: End;
  duration_ms: number | null;
}

export interface MonitorEnvironment {
  name: string;
  state: State;
  muted: boolean;
  last: string | null;
  next: string | null;
  strip: Run[];
}

export interface Schedule {
  type: string;
  text: string;
  timezone: string;
  words: string;
  problem: string;
  margin_minutes: number;
  max_runtime_minutes: number;
  failure_issue_threshold: number;
  recovery_threshold: number;
}

export interface Monitor {
  project: string;
  monitor: string;
  since: string;
  state: State;
  muted: boolean;
  schedule: Schedule | null;
  environments: MonitorEnvironment[];
}

export interface CheckIn {
  id: string;
  at: string;
  status: End | "in_progress";
  duration_ms: number | null;
  environment: string;
  release: string;
  trace_id: string;
}

export interface MonitorDetail {
  monitor: Monitor;
  check_ins: CheckIn[];
  most: number;
}

/** How a state is called. */
export const WORDS: Readonly<Record<State | "in_progress", string>> = {
  ok: "good",
  error: "failed",
  missed: "missed",
  timeout: "took too long",
  waiting: "no run has ended yet",
  in_progress: "began",
};

/** Which colour a state has; what it is is said by its word and its shape besides. */
export const TONES: Readonly<Record<State | "in_progress", "good" | "warn" | "error" | "">> = {
  ok: "good",
  error: "error",
  missed: "warn",
  timeout: "error",
  waiting: "",
  in_progress: "",
};

const ORDER: readonly End[] = ["ok", "error", "missed", "timeout"];

/** The runs of a strip in words: "Last 3 runs: 2 good, 1 missed". */
export function summary(strip: readonly Run[]): string {
  if (strip.length === 0) return "No run has ended yet";
  const counts = ORDER.map((status) => [WORDS[status], strip.filter((run) => run.status === status).length] as const);
  const told = counts.filter(([, count]) => count > 0).map(([word, count]) => `${count} ${word}`);
  return `${strip.length === 1 ? "Last run" : `Last ${strip.length} runs`}: ${told.join(", ")}`;
}

/** When the next run is due, in words, and whether it is late. */
export function due(next: string | null, now: number): { text: string; late: boolean } {
  if (next === null) return { text: "–", late: false };
  const late = new Date(next).getTime() < now;
  return { text: late ? `was due ${ago(next, now) === "now" ? "just now" : `${ago(next, now)} ago`}` : ago(next, now) === "now" ? "in a moment" : ago(next, now), late };
}

/** The schedule in words, with its zone where it is not UTC. */
export function scheduleWords(schedule: Schedule | null): string {
  if (schedule === null) return "no schedule";
  const words = schedule.words || schedule.text;
  return schedule.timezone === "UTC" || schedule.type === "interval" ? words : `${words} (${schedule.timezone})`;
}

/** The address of a monitor's page. */
export function monitorPath(project: string, slug: string): string {
  return `/app/monitors/${encodeURIComponent(project)}/${slug.split("/").map(encodeURIComponent).join("/")}`;
}

/** How a name of an environment is shown. */
export function environmentName(name: string): string {
  return name || "(no environment)";
}
