// The head of an issue's page: what it is, its state, and what can be done about it.
import * as React from "react";

import { get, post, request, write } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { type Shortcut, useShortcuts, useKeyTitle } from "../core/keys.ts";
import { refreshPage } from "../core/refresh.ts";
import { apiQuery } from "../core/search.ts";
import { navigate, useHref, useUrl } from "../core/url.ts";
import { AssignPicker } from "./assign.tsx";
import { Choices, Split } from "./choices.tsx";
import { Clip } from "./clip.tsx";
import { copyText } from "./copy.tsx";
import { LevelMark, PriorityMark, Who } from "./marks.tsx";
import { applied, type Ask, assigneeName, type Issue, type IssueChange, type IssueDocument, said, splitTitle, stateOf, stateText } from "./model.ts";
import { HEAD_BUTTONS } from "./slots.tsx";

/** Title, state and actions; `issue` is the document the server rendered. */
export function IssueHeader({ issue: placed, me }: { issue: IssueDocument; me: string }): React.ReactElement {
  const keyed = useKeyTitle();
  const { issue, act } = useIssue(placed);
  const href = useHref();
  const [assigning, setAssigning] = React.useState(false);
  const [ask, setAsk] = useAsk(placed.id);
  const keys: [string, string, Shortcut["run"]][] = [
    ["e", "Resolve", () => act({ status: "resolved" })],
    ["i", "Archive", () => act({ status: "ignored" })],
    ["o", "Reopen", () => act({ status: "unresolved" })],
    ["a", "Assign", () => setAssigning(true)],
    ["p", "Set the priority", () => setAsk("priority")],
    ["shift+e", "Resolve in a release…", () => setAsk("resolve")],
    ["shift+i", "Archive until…", () => setAsk("archive")],
    ["s", "Snooze: archive until…", () => setAsk("archive")],
    ["y", "Copy the link", () => void copyText(window.location.href, "Link copied.")],
    ["escape", "Back to the list", () => navigate("/app/issues")],
  ];
  useShortcuts(keys.map(([key, label, run]) => ({ keys: key, label, group: "Issue", run })));
  const { type, value } = splitTitle(issue.title);
  return (
    <header className="issue-header">
      <div className="issue-crumb">
        <a href={href("/app/issues")}>Issues</a>
        <span aria-hidden="true">/</span>
        <span className="short-id">{issue.id}</span>
        <span className="muted">{issue.project}</span>
      </div>
      <h1>
        <LevelMark level={issue.level} />
        <span className="issue-title" dir="auto">
          {type ? <b>{type}</b> : null} <Clip text={value || (type ? "" : "(no title)")} most={400} />
        </span>
      </h1>
      <p className="issue-culprit">
        <State issue={issue} />
        {issue.culprit ? <Clip text={issue.culprit} most={200} className="mono" /> : null}
      </p>
      <div className="issue-acts">
        <StatusButtons issue={issue} act={act} more={setAsk} />
        <button type="button" className="button" onClick={() => setAsk("priority")} title={priorityHint(issue)} aria-haspopup="dialog">
          <PriorityMark priority={issue.priority} /> {PRIORITIES[issue.priority] ?? "Priority"}
        </button>
        <button type="button" className="button" onClick={() => setAssigning(true)} title={keyed("Assign", "Issue", "a")}>
          <Who assignee={issue.assignee} /> <bdi>{issue.assignee ? assigneeName(issue.assignee) : "Assign"}</bdi>
        </button>
        {HEAD_BUTTONS.map((Button, i) => (
          <Button key={i} issue={issue} />
        ))}
        <button type="button" className="button quiet" onClick={() => void copyText(window.location.href, "Link copied.")} title={keyed("Copy the link", "Everywhere", "y")}>
          <Icon name="link" /> Copy link
        </button>
      </div>
      {assigning ? (
        <AssignPicker issue={issue.id} me={me} known={placed.possible_assignees} choose={(assignee) => act({ assignee })} close={() => setAssigning(false)} />
      ) : null}
      {ask ? <Choices ask={ask} act={act} close={() => setAsk(null)} /> : null}
    </header>
  );
}

/** What is asked for. It outlives the component: a page that is asked for anew after a write must not close a dialog. */
const asked: { issue: string; ask: Ask | null } = { issue: "", ask: null };

function useAsk(issue: string): [Ask | null, (ask: Ask | null) => void] {
  const [ask, set] = React.useState<Ask | null>(asked.issue === issue ? asked.ask : null);
  const change = (next: Ask | null): void => {
    asked.issue = issue;
    asked.ask = next;
    set(next);
  };
  return [ask, change];
}

/** The state and what it depends on, in words. */
function State({ issue }: { issue: Issue }): React.ReactElement {
  const loud = issue.status === "unresolved" && ["regressed", "escalating"].includes(issue.substatus);
  const kind = issue.status === "resolved" ? "badge good" : loud ? "badge warn" : issue.substatus === "new" ? "badge accent" : "badge";
  return (
    <span className={kind} title={issue.since ? `Since ${new Date(issue.since).toLocaleString()}` : undefined}>
      {stateText(issue)}
    </span>
  );
}

const PRIORITIES: Record<string, string> = { high: "High", medium: "Medium", low: "Low" };

function priorityHint({ priority, priority_by }: Issue): string {
  return `${PRIORITIES[priority] ?? "No"} priority, ${priority_by ? `chosen by ${assigneeName(priority_by)}` : "computed"} (p)`;
}

function StatusButtons({ issue, act, more }: { issue: Issue; act: (change: IssueChange) => void; more: (ask: Ask) => void }): React.ReactElement {
  const keyed = useKeyTitle();
  if (issue.status !== "unresolved") {
    return (
      <button type="button" className="button" onClick={() => act({ status: "unresolved" })} title={keyed("Reopen", "Issue", "o")}>
        Reopen
      </button>
    );
  }
  return (
    <>
      <Split primary icon label="Resolve" hint="Resolve (e)" name="In a release or commit" onClick={() => act({ status: "resolved" })} more={() => more("resolve")} />
      <Split label="Archive" hint="Archive until it escalates (i)" name="Until when" onClick={() => act({ status: "ignored" })} more={() => more("archive")} />
    </>
  );
}

/** The issue as shown, changed at once and put back when the server refuses or somebody was faster. */
function useIssue(placed: IssueDocument): { issue: Issue; act: (change: IssueChange) => void } {
  const { state } = useUrl();
  const [issue, setIssue] = React.useState<Issue>(placed);
  // An answer asked before a change was made must not take it back.
  React.useEffect(() => setIssue((now) => (now.id === placed.id && now.version > placed.version ? now : placed)), [placed]);
  // Changes go one after another, each from the version the one before left: who is quick is not told of themselves.
  const version = React.useRef(placed.version);
  React.useEffect(() => {
    version.current = issue.version;
  }, [issue.id, issue.version]);
  const turn = React.useRef<Promise<unknown>>(Promise.resolve());
  const act = (change: IssueChange): void => {
    const before = issue;
    const same = (["status", "assignee", "priority"] as const).every((key) => change[key] === undefined || change[key] === before[key]);
    if (same && !change.resolution && !change.archive) return;
    setIssue(applied(before, change));
    const path = `issues/${encodeURIComponent(issue.id)}`;
    const reload = async (): Promise<void> => setIssue(await get<Issue>(path, { query: apiQuery(state) }));
    const earlier = stateOf(before);
    const send = async (): Promise<Partial<Issue>> => {
      const { document } = await request<Partial<Issue>>("PATCH", path, { body: change, ifMatch: `"${version.current}"` });
      version.current = document.version ?? version.current;
      return document;
    };
    const undo = async (): Promise<void> => {
      await post("issues/bulk", { restore: [earlier] });
      await reload();
      refreshPage();
    };
    const sent = turn.current.then(() => write(send, { done: `${said(change, 1).replace("1 issue", before.id)}.`, undo }));
    turn.current = sent;
    void sent.then((after) => {
      if (after) {
        setIssue((now) => ({ ...now, ...workflow(after) }));
        refreshPage(); // for the activity
      } else void reload().catch(() => setIssue(before));
    });
  };
  return { issue, act };
}

/** The members a write changes; an answer's numbers may be of another range than the page's. */
function workflow(after: Partial<Issue>): Partial<Issue> {
  const kept: Partial<Issue> = {};
  if (after.status) kept.status = after.status;
  if (after.substatus !== undefined) kept.substatus = after.substatus;
  if (after.assignee !== undefined) kept.assignee = after.assignee;
  if (after.priority !== undefined) kept.priority = after.priority;
  if (after.priority_by !== undefined) kept.priority_by = after.priority_by;
  if (after.since !== undefined) kept.since = after.since;
  if (after.resolution !== undefined) kept.resolution = after.resolution;
  if (after.archive !== undefined) kept.archive = after.archive;
  if (after.version !== undefined) kept.version = after.version;
  return kept;
}
