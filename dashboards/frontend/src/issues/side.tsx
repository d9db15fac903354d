// Beside the event: the issue over time, how its values are distributed, and what was done about it.
import * as React from "react";

import { get } from "../core/api.ts";
import { formatNumber, formatRatio } from "../core/format.ts";
import { afterPaint } from "../core/painted.ts";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { apiQuery, formatSearch } from "../core/search.ts";
import { useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "./empty.tsx";
import { tagTerm } from "./event.ts";
import type { Activity, IssueDocument } from "./model.ts";
import { Ago } from "./time.tsx";
import { barPath, trendText } from "./trend.ts";
import { useNow } from "./watch.ts";

const WIDTH = 280;
const HEIGHT = 56;

/** Trend and counts over the range of the bar. */
export function IssueFacts({ issue, step_s }: { issue: IssueDocument; step_s: number }): React.ReactElement {
  const now = useNow(30_000);
  const href = useHref();
  const text = trendText(issue.trend, step_s);
  return (
    <section className="card side-card" aria-label="Over time">
      <svg className="side-trend" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text} preserveAspectRatio="none">
        <title>{text}</title>
        <path d={barPath(issue.trend, WIDTH, HEIGHT)} />
      </svg>
      <dl className="side-facts">
        <div>
          <dt>Events</dt>
          <dd>
            <a href={href(`/app/discover?q=${encodeURIComponent(issue.events_query)}`)}>{formatNumber(issue.events)}</a>
          </dd>
        </div>
        <div>
          <dt>Users</dt>
          <dd>{formatNumber(issue.users)}</dd>
        </div>
        <div>
          <dt>Last seen</dt>
          <dd>
            <Ago time={issue.last_seen} now={now} label="Last event in the range" />
          </dd>
        </div>
        <div>
          <dt>First seen</dt>
          <dd>
            <Ago time={issue.created_at} now={now} label="First event ever" />
          </dd>
        </div>
      </dl>
    </section>
  );
}

interface TagCounts {
  key: string;
  total: number;
  distinct: number;
  top: { value: string; count: number; share: number }[];
}

const SHOWN = 5;

/** How the issue's events are spread over the values of each tag; fetched after the page, it reads all of them. */
export function IssueTags({ issue }: { issue: string }): React.ReactElement {
  const { state } = useUrl();
  const key = formatSearch({ ...state, page: {} });
  const [tags, setTags] = React.useState<readonly TagCounts[] | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setProblem(null);
    const path = `issues/${encodeURIComponent(issue)}/tags`;
    afterPaint()
      .then(() => (controller.signal.aborted ? null : get<{ tags: TagCounts[] }>(path, { query: apiQuery(state), signal: controller.signal })))
      .then((document) => document && setTags(document.tags))
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [issue, key, tries]); // `key` says what matters of `state`
  return (
    <section className="card side-card" aria-label="Distributions" aria-busy={tags === null && !problem}>
      <h2>Where it happens</h2>
      {problem ? <ProblemBox problem={problem} retry={() => setTries(tries + 1)} /> : null}
      {tags === null && !problem ? [1, 2, 3].map((n) => <div key={n} className="skeleton tag-skeleton" />) : null}
      {tags?.length === 0 ? <p className="muted">The events of this range have no tags.</p> : null}
      {tags?.map((tag) => <TagBars key={tag.key} tag={tag} issue={issue} />)}
    </section>
  );
}

function TagBars({ tag, issue }: { tag: TagCounts; issue: string }): React.ReactElement {
  const href = useHref();
  const [open, setOpen] = React.useState(false);
  const top = tag.top.slice(0, open ? undefined : SHOWN);
  const hidden = tag.distinct - top.length;
  return (
    <div className="tag-bars">
      <h3 title={`${formatNumber(tag.total)} events have it, ${formatNumber(tag.distinct)} values`}>
        <bdi>{tag.key}</bdi>
      </h3>
      <ul>
        {top.map(({ value, count, share }) => (
          <li key={value}>
            <a
              className="tag-bar"
              href={href(`/app/discover?q=${encodeURIComponent(`from errors issue:${issue} ${tagTerm(tag.key, value)}`)}`)}
              title={`${value.slice(0, 300)}: ${formatNumber(count)} events`}
              style={{ "--share": `${Math.min(100, share * 100)}%` } as React.CSSProperties}
            >
              <span className="tag-bar-value">
                <bdi>{value || "(empty)"}</bdi>
              </span>
              <span className="tag-bar-share">{formatRatio(share)}</span>
            </a>
          </li>
        ))}
      </ul>
      {tag.top.length > SHOWN && !open ? (
        <button type="button" className="link-button" onClick={() => setOpen(true)}>
          {formatNumber(hidden)} more
        </button>
      ) : null}
    </div>
  );
}

/** What people did about the issue, newest first. */
export function IssueActivity({ activity }: { activity: readonly Activity[] }): React.ReactElement {
  const now = useNow(30_000);
  return (
    <section className="card side-card" aria-label="Activity">
      <h2>Activity</h2>
      {activity.length === 0 ? <p className="muted">Nobody has touched this issue yet.</p> : null}
      <ol className="activity">
        {activity.map((entry, i) => (
          <li key={i}>
            <b>
              <bdi>{entry.who}</bdi>
            </b>{" "}
            <bdi>{entry.text}</bdi> <Ago time={entry.at} now={now} label="At" />
          </li>
        ))}
      </ol>
    </section>
  );
}
