// One event of an issue: pager, what happened, what led to it, who and where. Paging happens here, with the neighbours
// fetched ahead; the server places the first event and any that is opened by its address.
import * as React from "react";

import { Icon } from "../core/icons.tsx";
import { useKeyTitle, useShortcuts } from "../core/keys.ts";
import { asProblem, type Problem } from "../core/problem.ts";
import { painted } from "../core/painted.ts";
import { say } from "../core/toast.ts";
import { currentUrl, navigate, useHref, useUrl } from "../core/url.ts";
import { Breadcrumbs } from "./breadcrumbs.tsx";
import { Clip } from "./clip.tsx";
import { CopyButton } from "./copy.tsx";
import { ProblemBox } from "./empty.tsx";
import { type EventView, readEvent } from "./event.ts";
import { fetchEvent } from "./event_cache.ts";
import { EventFacts } from "./event_facts.tsx";
import { Exceptions, Stack } from "./exceptions.tsx";
import { Section } from "./facts.tsx";
import { RawEvent } from "./raw.tsx";
import { Related } from "./related.tsx";
import { issueHref } from "./row.tsx";
import { Threads } from "./threads.tsx";
import { Moment } from "./time.tsx";

/** The event section of an issue's page; `event` is the document the server rendered. */
export function IssueEvent({ issue, event }: { issue: string; event: unknown }): React.ReactElement {
  const placed = React.useMemo(() => readEvent(event), [event]);
  const { shown, problem, go, step } = usePaging(issue, placed);
  useShortcuts([
    { keys: "[", label: "Older event", group: "Issue", run: () => step("previous") },
    { keys: "]", label: "Newer event", group: "Issue", run: () => step("next") },
  ]);
  React.useEffect(() => painted("issue"), [shown]);
  const plain = shown.exceptions.length === 0;
  return (
    <div className="event" data-event={shown.event_id}>
      <Pager issue={issue} event={shown} go={go} step={step} />
      {problem ? <ProblemBox problem={problem} retry={null} /> : null}
      <Message event={shown} />
      {plain ? null : <Exceptions key={shown.event_id} exceptions={shown.exceptions} />}
      {plain && shown.stacktrace.length > 0 ? (
        <Section title="Stack">
          <Stack frames={shown.stacktrace} open />
        </Section>
      ) : null}
      {shown.threads.length > 0 ? <Threads key={`t${shown.event_id}`} threads={shown.threads} folded={!plain} /> : null}
      {shown.breadcrumbs.length > 0 ? <Breadcrumbs key={`b${shown.event_id}`} crumbs={shown.breadcrumbs} event={shown.timestamp} /> : null}
      <Related event={shown} />
      <EventFacts event={shown} issue={issue} />
      <RawEvent key={`r${shown.event_id}`} url={shown.payload_url} event={shown.event_id} />
    </div>
  );
}

interface Paging {
  shown: EventView;
  problem: Problem | null;
  /** To an event by its id, `latest` or `oldest`. */
  go: (which: string) => void;
  /** To the neighbour; presses that come faster than answers are taken one after the other. */
  step: (way: "previous" | "next") => void;
}

/** Presses kept waiting: a held key stops soon after it is let go. */
const MOST_WAITING = 3;

function usePaging(issue: string, placed: EventView): Paging {
  const { state } = useUrl();
  const [shown, setShown] = React.useState(placed);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const now = React.useRef(placed);
  const asked = React.useRef("");
  const waiting = React.useRef({ count: 0, chain: Promise.resolve() });
  /** Which way one pages: that neighbour is fetched ahead. */
  const heading = React.useRef<"previous" | "next">("previous");
  const show = React.useCallback((event: EventView) => {
    now.current = event;
    setShown(event);
    setProblem(null);
  }, []);
  React.useEffect(() => {
    asked.current = placed.event_id;
    show(placed);
  }, [placed, show]);
  React.useEffect(() => {
    const timer = window.setTimeout(() => {
      const onward = shown[heading.current];
      if (onward) fetchEvent(issue, onward, state).catch(() => undefined);
    }, 300); // after what the page itself needs, and not while one holds the key down
    return () => window.clearTimeout(timer);
  }, [issue, shown, state]);
  const go = React.useCallback(
    async (which: string) => {
      asked.current = which;
      try {
        const event = await fetchEvent(issue, which, currentUrl().state);
        if (asked.current !== which) return;
        show(event);
        navigate(issueHref(issue, currentUrl().state, event.event_id), { replace: true, shown: true });
        say(`Event ${event.count - event.index + 1} of ${event.count}`);
      } catch (error) {
        if (asked.current === which) setProblem(asProblem(error));
      }
    },
    [issue, show],
  );
  const step = (way: "previous" | "next"): void => {
    if (waiting.current.count >= MOST_WAITING) return;
    waiting.current.count += 1;
    heading.current = way;
    waiting.current.chain = waiting.current.chain.then(async () => {
      waiting.current.count -= 1;
      const which = now.current[way];
      if (which) await go(which);
    });
  };
  return { shown, problem, go: (which) => void go(which), step };
}

interface PagerProps {
  issue: string;
  event: EventView;
  go: Paging["go"];
  step: Paging["step"];
}

function Pager({ issue, event, go, step }: PagerProps): React.ReactElement {
  const href = useHref();
  const keyed = useKeyTitle();
  const arrow = (label: string, way: "previous" | "next", icon: "left" | "right", key: string): React.ReactElement => (
    <button type="button" className="button icon" aria-label={label} title={keyed(label, "Issue", key)} disabled={event[way] === null} onClick={() => step(way)}>
      <Icon name={icon} />
    </button>
  );
  const end = (label: string, which: string, on: boolean): React.ReactElement => (
    <button type="button" className="button quiet" disabled={!on} onClick={() => go(which)}>
      {label}
    </button>
  );
  const question = `from errors issue:${issue} id:${event.event_id}`;
  return (
    <nav className="event-pager" aria-label="Events of this issue" data-testid="event-pager">
      <span className="event-place">
        Event <b>{event.count - event.index + 1}</b> of <b>{event.count}</b>
      </span>
      {end("Oldest", "oldest", event.previous !== null)}
      {arrow("Older event", "previous", "left", "[")}
      {arrow("Newer event", "next", "right", "]")}
      {end("Latest", "latest", event.next !== null)}
      <Moment time={event.timestamp} />
      {[event.release, event.environment].map((text, i) =>
        text === "" ? null : (
          <span key={i} className="badge truncate" title={`${i === 0 ? "Release" : "Environment"} ${text}`.slice(0, 300)}>
            <bdi>{text.slice(0, 100)}</bdi>
          </span>
        ),
      )}
      <span className="event-links">
        <CopyButton text={event.event_id} label={event.event_id.slice(0, 8)} said="Event id copied." />
        {event.trace_id ? (
          <a className="button quiet" href={href(`/app/traces/${encodeURIComponent(event.trace_id)}${event.span_id ? `?span=${encodeURIComponent(event.span_id)}` : ""}`)}>
            <Icon name="traces" /> Trace
          </a>
        ) : null}
        <a className="button quiet" href={href(`/app/discover?q=${encodeURIComponent(question)}`)}>
          <Icon name="discover" /> Discover
        </a>
      </span>
    </nav>
  );
}

/** The message, unless the title or an exception says the same already. */
function Message({ event }: { event: EventView }): React.ReactElement | null {
  const known = new Set([event.title, ...event.exceptions.flatMap(({ type, value }) => [value, `${type}: ${value}`])]);
  const more = event.exceptions.length === 0 && event.stacktrace.length === 0 && event.threads.length === 0;
  if (event.message === "" || (known.has(event.message) && !more)) return null;
  return (
    <Section title="Message">
      <Clip text={event.message} most={3000} className="message" as="pre" />
    </Section>
  );
}
