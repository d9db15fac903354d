// Merges and splits the model is not sure enough of to make them: what speaks for each, and the two answers.
import * as React from "react";

import { get, post } from "../core/api.ts";
import { useShortcuts } from "../core/keys.ts";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { announceProblem, say, toast } from "../core/toast.ts";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "./empty.tsx";
import { Ago } from "./time.tsx";
import { useNow } from "./watch.ts";

type Status = "open" | "accepted" | "rejected" | "stale";

interface Suggestion {
  id: number;
  kind: "merge" | "split";
  issue: string;
  title: string;
  other: string | null;
  other_title: string | null;
  fingerprints: string[];
  probability: number;
  model_version: string;
  evidence: Evidence;
  status: Status;
  created_at: string;
  decided_by: string;
  decided_at: string | null;
}

interface Evidence {
  shared_frames?: string[];
  frames_of_one?: string[];
  frames_of_other?: string[];
  messages?: string[];
}

interface Page {
  items: Suggestion[];
  next: string | null;
}

const STATUSES: readonly [Status, string][] = [
  ["open", "To review"],
  ["accepted", "Accepted"],
  ["rejected", "Refused"],
  ["stale", "Out of date"],
];

interface Loaded {
  items: readonly Suggestion[] | null;
  next: string | null;
  problem: Problem | null;
  more: () => void;
  again: () => void;
  drop: (id: number) => void;
}

function useSuggestions(status: Status): Loaded {
  const [page, setPage] = React.useState<Page | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  const ask = (cursor: string | null, signal: AbortSignal | null) => get<Page>("suggestions", { query: { status, ...(cursor ? { cursor } : {}) }, signal });
  React.useEffect(() => {
    const controller = new AbortController();
    setPage(null);
    setProblem(null);
    ask(null, controller.signal)
      .then((found) => {
        setPage(found);
        say(`${found.items.length} suggestions`);
      })
      .catch((error: unknown) => !isAbort(error) && setProblem(asProblem(error)));
    return () => controller.abort();
  }, [status, tries]);
  const more = (): void => {
    if (!page?.next) return;
    ask(page.next, null)
      .then((found) => setPage({ items: [...page.items, ...found.items], next: found.next }))
      .catch((error: unknown) => announceProblem(asProblem(error)));
  };
  const drop = (id: number): void => setPage((now) => (now ? { ...now, items: now.items.filter((one) => one.id !== id) } : now));
  return { items: page?.items ?? null, next: page?.next ?? null, problem, more, again: () => setTries(tries + 1), drop };
}

/** The page `/app/issues/review`. */
export function IssueReview(): React.ReactElement {
  const { state } = useUrl();
  const status = STATUSES.find(([key]) => key === state.page.status)?.[0] ?? "open";
  const { items, next, problem, more, again, drop } = useSuggestions(status);
  const href = useHref();
  const [at, setAt] = React.useState(0);
  const answered = React.useRef(new Set<number>());
  const place = Math.min(at, Math.max(0, (items?.length ?? 0) - 1));
  const current = items?.[place];
  React.useEffect(() => {
    if (items) painted("review");
  }, [items]);
  React.useEffect(() => {
    if (current) document.getElementById(`suggestion-${current.id}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const answer = (one: Suggestion | undefined, verb: "accept" | "reject"): void => {
    if (!one || one.status !== "open" || answered.current.has(one.id)) return;
    answered.current.add(one.id);
    post<Suggestion>(`suggestions/${one.id}/${verb}`, {})
      .then(() => {
        drop(one.id);
        toast(said(one, verb), { hint: verb === "accept" ? `Take it back on the page of ${one.issue}, under “Belongs together”.` : "The model will not suggest it again." });
      })
      .catch((error: unknown) => {
        answered.current.delete(one.id);
        announceProblem(asProblem(error));
      });
  };
  useShortcuts(
    [
      { keys: "j", label: "Next suggestion", run: () => setAt(Math.min(place + 1, (items?.length ?? 1) - 1)) },
      { keys: "k", label: "Previous suggestion", run: () => setAt(Math.max(place - 1, 0)) },
      { keys: "m", label: "Accept", run: () => answer(current, "accept") },
      { keys: "n", label: "Refuse", run: () => answer(current, "reject") },
    ].map((shortcut) => ({ ...shortcut, group: "Review" })),
  );
  return (
    <div className="page review">
      <header className="review-head">
        <div>
          <h1>Merges to review</h1>
          <p className="muted">
            Amber compares new issues with the others and does by itself what is all but certain. What is less so waits here for you;
            each answer teaches it. <a href={href("/app/issues")}>Back to the issues</a>
          </p>
        </div>
        <div className="issue-tabs" role="group" aria-label="Which suggestions">
          {STATUSES.map(([key, label]) => (
            <button key={key} type="button" aria-pressed={key === status} onClick={() => changePage({ status: key === "open" ? "" : key })}>
              {label}
            </button>
          ))}
        </div>
      </header>
      {problem ? <ProblemBox problem={problem} retry={again} /> : null}
      {items === null && !problem ? <div className="skeleton review-skeleton" /> : null}
      {items?.length === 0 ? <Nothing status={status} /> : null}
      <ul className="review-list" aria-busy={items === null}>
        {items?.map((one, index) => (
          <One key={one.id} one={one} current={index === place} point={() => setAt(index)} answer={(verb) => answer(one, verb)} />
        ))}
      </ul>
      {next ? (
        <button type="button" className="button" onClick={more}>
          More
        </button>
      ) : null}
    </div>
  );
}

function said(one: Suggestion, verb: "accept" | "reject"): string {
  if (verb === "reject") return `Refused: ${one.issue} ${one.other ? `and ${one.other} stay apart` : "stays one"}.`;
  return one.kind === "merge" ? `${one.other ?? "The other"} is part of ${one.issue} now.` : `${one.issue} was split.`;
}

function Nothing({ status }: { status: Status }): React.ReactElement {
  return (
    <div className="empty">
      <h2>{status === "open" ? "Nothing to review" : "None"}</h2>
      <p>
        {status === "open"
          ? "When two issues look like one, or one looks like several, and it is not certain, the suggestion appears here. New issues are compared every ten minutes."
          : "No suggestion has this answer."}
      </p>
    </div>
  );
}

interface OneProps {
  one: Suggestion;
  current: boolean;
  point: () => void;
  answer: (verb: "accept" | "reject") => void;
}

function One({ one, current, point, answer }: OneProps): React.ReactElement {
  const href = useHref();
  const now = useNow(60_000);
  const merge = one.kind === "merge";
  const issue = (id: string, title: string | null) => (
    <div className="review-issue">
      <a className="short-id" href={href(`/app/issues/${encodeURIComponent(id)}`)}>
        {id}
      </a>
      <bdi className="review-title">{title || "(no title)"}</bdi>
    </div>
  );
  return (
    <li id={`suggestion-${one.id}`} className={current ? "card review-one current" : "card review-one"} aria-current={current} data-testid="suggestion" onClick={point}>
      <div className="review-what">
        <span className="badge accent">{merge ? "Merge?" : "Split?"}</span>
        <span title={`Model ${one.model_version}`}>
          <b>{Math.round(one.probability * 100)}%</b> sure {merge ? "that both have one cause" : "that it has several causes"}
        </span>
        <Ago time={one.created_at} now={now} label="Suggested" />
        {one.decided_by ? <span className="muted">by {one.decided_by.replace(/^user:/, "")}</span> : null}
        <span className="spacer" />
        {one.status === "open" ? (
          <>
            <button type="button" className="button primary small" onClick={() => answer("accept")}>
              {merge ? "Merge" : "Split"} <kbd>m</kbd>
            </button>
            <button type="button" className="button small" onClick={() => answer("reject")}>
              {merge ? "Keep apart" : "Keep as one"} <kbd>n</kbd>
            </button>
          </>
        ) : null}
      </div>
      <div className="review-pair">
        {issue(one.issue, one.title)}
        {one.other ? issue(one.other, one.other_title) : null}
      </div>
      <Why evidence={one.evidence} />
    </li>
  );
}

/** What both stacks have in common, and what only one of them has. */
function Why({ evidence }: { evidence: Evidence }): React.ReactElement {
  const lists: readonly [string, readonly string[] | undefined, string][] = [
    ["In both", evidence.shared_frames, "both"],
    ["Only in the first", evidence.frames_of_one, "one"],
    ["Only in the second", evidence.frames_of_other, "one"],
  ];
  const shown = lists.filter(([, frames]) => frames?.length);
  const messages = [...new Set(evidence.messages ?? [])].filter(Boolean);
  return (
    <div className="review-why">
      {shown.map(([label, frames, kind]) => (
        <div key={label} className={kind}>
          <h3>{label}</h3>
          <ul>
            {frames!.map((frame) => (
              <li key={frame}>
                <code>{frame}</code>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {messages.length ? (
        <div>
          <h3>{messages.length > 1 ? "Messages" : "Message of both"}</h3>
          <ul>
            {messages.map((message) => (
              <li key={message}>
                <bdi>{message.slice(0, 300)}</bdi>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
}
