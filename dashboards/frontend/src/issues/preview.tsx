// The issue under the cursor beside the list: what happened in its newest event, so that triage needs no change of page.
import * as React from "react";

import { useKeyTitle } from "../core/keys.ts";
import { formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import type { UrlState } from "../core/search.ts";
import { Breadcrumbs } from "./breadcrumbs.tsx";
import { Clip } from "./clip.tsx";
import { ProblemBox } from "./empty.tsx";
import { fetchEvent } from "./event_cache.ts";
import type { EventView } from "./event.ts";
import { EventFacts } from "./event_facts.tsx";
import { Exceptions, Stack } from "./exceptions.tsx";
import { Section } from "./facts.tsx";
import { LevelMark, Spark, Who } from "./marks.tsx";
import { assigneeName, type Issue, type IssueChange, splitTitle, stateText } from "./model.ts";
import { issueHref } from "./row.tsx";
import { Ago, Moment } from "./time.tsx";

const SHOWN_KEY = "amber.preview";
/** Narrower than this the list needs the room. */
const LEAST_WIDTH = 1100;
/** A held key runs over rows without asking for each. */
const SETTLE_MS = 90;
const AHEAD_MS = 350;

/** Whether the preview is wanted; the browser remembers. */
export function usePreview(): [boolean, () => void] {
  const [wanted, setWanted] = React.useState(() => window.localStorage.getItem(SHOWN_KEY) === "open");
  const toggle = (): void => {
    window.localStorage.setItem(SHOWN_KEY, wanted ? "closed" : "open");
    setWanted(!wanted);
  };
  return [wanted, toggle];
}

export const fitsPreview = (width: number): boolean => width === 0 || width >= LEAST_WIDTH;

interface Props {
  issue: Issue | null;
  /** The issue the cursor goes to next: its event is fetched ahead. */
  next: string | null;
  bar: UrlState;
  now: number;
  step_s: number;
  act: (change: IssueChange) => void;
  assign: () => void;
  close: () => void;
}

/** The newest event of an issue; the one before stays while the next is on its way. */
function useNewest(issue: string | null, next: string | null, bar: UrlState): { event: EventView | null; problem: Problem | null } {
  const [found, setFound] = React.useState<{ issue: string; event: EventView | null; problem: Problem | null } | null>(null);
  React.useEffect(() => {
    if (issue === null) return undefined;
    let gone = false;
    const timer = window.setTimeout(() => {
      fetchEvent(issue, "latest", bar)
        .then((event) => !gone && setFound({ issue, event, problem: null }))
        .catch((error: unknown) => !gone && !isAbort(error) && setFound({ issue, event: null, problem: asProblem(error) }));
    }, SETTLE_MS);
    const ahead = window.setTimeout(() => next !== null && void fetchEvent(next, "latest", bar).catch(() => undefined), AHEAD_MS);
    return () => {
      gone = true;
      window.clearTimeout(timer);
      window.clearTimeout(ahead);
    };
  }, [issue, next, bar]);
  return found?.issue === issue ? { event: found.event, problem: found.problem } : { event: null, problem: null };
}

export function Preview({ issue, next, bar, now, step_s, act, assign, close }: Props): React.ReactElement {
  const keyed = useKeyTitle();
  const { event, problem } = useNewest(issue?.id ?? null, next, bar);
  React.useEffect(() => {
    if (event) painted("preview");
  }, [event]);
  if (issue === null) {
    return (
      <aside className="issue-preview" aria-label="Preview" data-testid="issue-preview">
        <div className="empty">
          <h2>No issue chosen</h2>
          <p>
            Move with <kbd>j</kbd> and <kbd>k</kbd>, or click on a row: its newest event shows here.
          </p>
        </div>
      </aside>
    );
  }
  const { type, value } = splitTitle(issue.title);
  return (
    <aside className="issue-preview" aria-label={`Preview of ${issue.id}`} data-testid="issue-preview" aria-busy={event === null && problem === null}>
      <header>
        <div className="preview-top">
          <LevelMark level={issue.level} />
          <a className="short-id" href={issueHref(issue.id, bar)}>
            {issue.id}
          </a>
          <span className="badge">{stateText(issue)}</span>
          <span className="spacer" />
          <a className="button small" href={issueHref(issue.id, bar)}>
            Open
          </a>
          <button type="button" className="button quiet icon small" aria-label="Close the preview" title={keyed("Close the preview", "Issues", "v")} onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        <h2 dir="auto">
          {type ? <b>{type}</b> : null} <Clip text={value || (type ? "" : "(no title)")} most={300} />
        </h2>
        {issue.culprit ? <Clip text={issue.culprit} most={160} className="mono muted" /> : null}
        <div className="preview-facts">
          <Spark trend={issue.trend} step_s={step_s} />
          <span>
            <b>{formatNumber(issue.events)}</b> events
          </span>
          <span>
            <b>{formatNumber(issue.users)}</b> users
          </span>
          <span>
            last <Ago time={issue.last_seen} now={now} label="Last event in the range" />
          </span>
          <span>
            first <Ago time={issue.created_at} now={now} label="First event ever" />
          </span>
        </div>
        <Acts issue={issue} act={act} assign={assign} />
      </header>
      <div className="preview-body">
        {problem ? <ProblemBox problem={problem} retry={null} /> : null}
        {event ? <Event event={event} issue={issue.id} /> : problem ? null : <div className="skeleton preview-skeleton" />}
      </div>
    </aside>
  );
}

function Acts({ issue, act, assign }: { issue: Issue; act: Props["act"]; assign: () => void }): React.ReactElement {
  const open = issue.status === "unresolved";
  return (
    <div className="preview-acts">
      {open ? (
        <>
          <button type="button" className="button small" onClick={() => act({ status: "resolved" })}>
            Resolve <kbd>e</kbd>
          </button>
          <button type="button" className="button small" onClick={() => act({ status: "ignored" })}>
            Archive <kbd>i</kbd>
          </button>
        </>
      ) : (
        <button type="button" className="button small" onClick={() => act({ status: "unresolved" })}>
          Reopen <kbd>o</kbd>
        </button>
      )}
      <button type="button" className="button small" onClick={assign}>
        <Who assignee={issue.assignee} /> <bdi>{issue.assignee ? assigneeName(issue.assignee) : "Assign"}</bdi> <kbd>a</kbd>
      </button>
    </div>
  );
}

function Event({ event, issue }: { event: EventView; issue: string }): React.ReactElement {
  const { exceptions, stacktrace, breadcrumbs, message } = event;
  const said = exceptions.length === 0 && message !== "";
  return (
    <>
      <p className="preview-when muted">
        Newest event <Moment time={event.timestamp} /> {[event.release, event.environment].filter(Boolean).map((text) => (
          <span key={text} className="badge truncate">
            <bdi>{text.slice(0, 80)}</bdi>
          </span>
        ))}
      </p>
      {said ? (
        <Section title="Message">
          <Clip text={message} most={1000} className="message" as="pre" />
        </Section>
      ) : null}
      {exceptions.length > 0 ? <Exceptions key={event.event_id} exceptions={exceptions} /> : null}
      {exceptions.length === 0 && stacktrace.length > 0 ? (
        <Section title="Stack">
          <Stack frames={stacktrace} open />
        </Section>
      ) : null}
      {breadcrumbs.length > 0 ? <Breadcrumbs key={`b${event.event_id}`} crumbs={breadcrumbs} event={event.timestamp} /> : null}
      <EventFacts event={event} issue={issue} />
    </>
  );
}
