// The page of replays: one row a recording, with what went wrong in it.
import * as React from "react";

import { formatCount, formatDuration, formatNumber } from "../core/format.ts";
import { painted } from "../core/painted.ts";
import { useRows } from "../core/rows.ts";
import { numberOf, type Rows, textOf } from "../core/values.ts";
import { apiBody } from "../core/search.ts";
import { SearchField } from "../core/search_field.tsx";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { Moment } from "../issues/time.tsx";
import { Views } from "../views/picker.tsx";

const MOST = 300;

function listText(search: string): string {
  const found = search.trim();
  const sums = "began=min(started), ended=max(timestamp), errors=sum(count_errors), clicks=sum(count_clicks), dead=sum(count_dead_clicks), rage=sum(count_rage_clicks)";
  return `from replays${found ? ` ${found}` : ""} | summarize ${sums} by replay, project, user | sort ended desc, replay | limit ${MOST}`;
}

export interface ReplayRow {
  replay: string;
  project: string;
  user: string;
  began: string;
  ended: string;
  errors: number;
  clicks: number;
  dead: number;
  rage: number;
}

/** One row a replay: a person who signs in during a recording makes two. */
export function replaysOf(rows: Rows): ReplayRow[] {
  const found = new Map<string, ReplayRow>();
  for (const [replay, project, user, began, ended, errors, clicks, dead, rage] of rows) {
    const row: ReplayRow = { replay: textOf(replay), project: textOf(project), user: textOf(user), began: textOf(began), ended: textOf(ended), errors: numberOf(errors), clicks: numberOf(clicks), dead: numberOf(dead), rage: numberOf(rage) };
    const before = found.get(row.replay);
    if (!before) found.set(row.replay, row);
    else {
      before.user ||= row.user;
      if (row.began < before.began && Date.parse(row.began) > 0) before.began = row.began;
      for (const name of ["errors", "clicks", "dead", "rage"] as const) before[name] += row[name];
    }
  }
  return [...found.values()];
}

/** The page `/app/replays`. */
export function ReplayList(): React.ReactElement {
  const { state } = useUrl();
  const { q = "" } = state.page;
  const [tries, setTries] = React.useState(0);
  const answer = useRows({ query: listText(q), ...apiBody(state) }, tries);
  const replays = React.useMemo(() => (answer.rows ? replaysOf(answer.rows) : null), [answer.rows]);
  React.useEffect(() => {
    if (replays) painted("replays");
  }, [replays]);
  return (
    <section className="map-page" aria-label="Replays">
      <header className="map-head traces-head">
        <h1>Replays</h1>
        <SearchField key={q} main label="Search replays" placeholder="count_rage_clicks:>0  url:*checkout*" value={q} apply={(text) => changePage({ q: text })} />
        <span className="muted" role="status">
          {replays ? formatCount(replays.length, "replay") : ""}
        </span>
        <Views page="replays" />
      </header>
      <div className="map-body" aria-busy={replays === null && answer.problem === null}>
        {answer.problem ? <ProblemBox problem={answer.problem} retry={() => setTries(tries + 1)} /> : null}
        {replays === null && !answer.problem ? <Waiting /> : null}
        {replays?.length === 0 ? <Nothing filtered={q !== ""} /> : null}
        {replays && replays.length > 0 ? <List replays={replays} /> : null}
      </div>
    </section>
  );
}

function Waiting(): React.ReactElement {
  return (
    <div className="map-tables">
      {Array.from({ length: 10 }, (_, i) => (
        <div key={i} className="skeleton transactions-skeleton" />
      ))}
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }): React.ReactElement {
  return (
    <div className="empty">
      <h2>{filtered ? "No replay matches" : "No replay in this time range"}</h2>
      <p>
        {filtered
          ? "No recording of this time range fits the search."
          : "A replay shows what a person saw and did before an error. Add the replay integration to a browser's client (replaysOnErrorSampleRate), or choose a longer time range."}
      </p>
      {filtered ? (
        <button type="button" className="button" onClick={() => changePage({ q: "" })}>
          Show all replays
        </button>
      ) : (
        <a className="button" href="/app/welcome">
          Set up a program
        </a>
      )}
    </div>
  );
}

function lengthOf({ began, ended }: ReplayRow): string {
  const begin = Date.parse(began);
  return begin > 0 ? formatDuration(Math.max(0, Date.parse(ended) - begin) * 1e6) : "–";
}

function List({ replays }: { replays: readonly ReplayRow[] }): React.ReactElement {
  const href = useHref();
  return (
    <div className="map-tables traces-list" tabIndex={0} role="region" aria-label="Replays as a table">
      <table className="plain">
        <thead>
          <tr>
            <th>Replay</th>
            <th>Project</th>
            <th>Ended</th>
            <th className="number">Length</th>
            <th className="number">Errors</th>
            <th className="number">Clicks</th>
            <th className="number">Without effect</th>
          </tr>
        </thead>
        <tbody>
          {replays.map((one) => (
            <tr key={one.replay}>
              <td className="truncate">
                <a href={href(`/app/replays/${encodeURIComponent(one.replay)}`)}>
                  <bdi>{one.user.slice(0, 120) || `${one.replay.slice(0, 8)} (nobody known)`}</bdi>
                </a>
                {one.rage > 0 ? <span className="badge warn">rage clicks</span> : null}
              </td>
              <td className="truncate">
                <bdi>{one.project.slice(0, 60)}</bdi>
              </td>
              <td>
                <Moment time={one.ended} />
              </td>
              <td className="number">{lengthOf(one)}</td>
              <td className={one.errors > 0 ? "number map-errors bad" : "number"}>{formatNumber(one.errors)}</td>
              <td className="number">{formatNumber(one.clicks)}</td>
              <td className={one.dead > 0 ? "number map-errors some" : "number"}>{formatNumber(one.dead)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
