// One monitor: its schedule, how it stands in each environment, its runs as a strip and as a table.
import * as React from "react";

import { request, write } from "../core/api.ts";
import { formatDuration, formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { apiQuery } from "../core/search.ts";
import { useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { useFetched } from "../issues/fetched.ts";
import { Ago, Moment } from "../issues/time.tsx";
import { useNow } from "../issues/watch.ts";
import { quoted } from "../releases/model.ts";
import { StateBadge, Strip } from "./marks.tsx";
import { type CheckIn, due, environmentName, type Monitor, type MonitorDetail, type MonitorEnvironment, type Schedule, scheduleWords } from "./model.ts";

interface Props {
  project: string;
  monitor: string;
}

const EVERYWHERE = "*";

/** The page `/app/monitors/PROJECT/MONITOR`. */
export function MonitorView({ project, monitor }: Props): React.ReactElement {
  const { state } = useUrl();
  const pairs = apiQuery(state).filter(([name]) => name === "environment");
  const query = new URLSearchParams([...pairs, ["monitor", monitor]] as [string, string][]).toString();
  const path = `projects/${encodeURIComponent(project)}/monitor`;
  const { document, problem, retry } = useFetched<MonitorDetail>(`${path}?${query}`);
  React.useEffect(() => {
    if (document) painted("monitor");
  }, [document]);
  const mute = async (environment: string, muted: boolean): Promise<void> => {
    const ask = (wanted: boolean): Promise<unknown> => request("PUT", `${path}/mute`, { body: { monitor, environment, muted: wanted } }).then(retry);
    await write(() => ask(muted), { done: muted ? "Muted: its check-ins make no issues." : "No longer muted.", undo: () => ask(!muted) });
  };
  return (
    <article className="monitor-page" aria-busy={document === null && !problem}>
      <Head project={project} slug={monitor} monitor={document?.monitor ?? null} mute={mute} />
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <div className="skeleton monitor-skeleton" aria-hidden="true" /> : null}
      {document ? (
        <div className="monitor-columns">
          <div className="monitor-main">
            <Environments environments={document.monitor.environments} mute={mute} />
            <CheckIns detail={document} />
          </div>
          <ScheduleCard schedule={document.monitor.schedule} />
        </div>
      ) : null}
    </article>
  );
}

type Mute = (environment: string, muted: boolean) => Promise<void>;

function Head({ project, slug, monitor, mute }: { project: string; slug: string; monitor: Monitor | null; mute: Mute }): React.ReactElement {
  const href = useHref();
  const now = useNow(30_000);
  const search = `monitor.slug:${quoted(slug)}`;
  return (
    <header className="monitor-head">
      <a className="muted" href={href("/app/monitors")}>
        Monitors
      </a>
      <h1>
        <bdi>{slug}</bdi> {monitor ? <StateBadge state={monitor.state} muted={monitor.muted} /> : null}
      </h1>
      <p className="muted">
        <bdi>{project}</bdi>
        {monitor ? (
          <>
            {" · "}
            <bdi>{scheduleWords(monitor.schedule)}</bdi>
            {" · known since "}
            <Ago time={monitor.since} now={now} label="First check-in" />
          </>
        ) : null}
      </p>
      <nav className="monitor-links" aria-label="More of this monitor">
        <a className="button small" href={href(`/app/issues?tab=all&q=${encodeURIComponent(search)}&project=${encodeURIComponent(project)}`)}>
          <Icon name="issues" /> Its issues
        </a>
        <a className="button small" href={href(`/app/discover?q=${encodeURIComponent(`from check_ins monitor:${quoted(slug)}`)}&project=${encodeURIComponent(project)}`)}>
          <Icon name="discover" /> Check-ins in Discover
        </a>
        {monitor ? (
          <button type="button" className="button small" onClick={() => void mute(EVERYWHERE, !monitor.muted)}>
            {monitor.muted ? "Unmute" : "Mute"}
          </button>
        ) : null}
      </nav>
    </header>
  );
}

function Environments({ environments, mute }: { environments: MonitorEnvironment[]; mute: Mute }): React.ReactElement {
  const now = useNow(30_000);
  return (
    <section className="card" aria-label="Environments">
      <header>
        <h2>Environments</h2>
      </header>
      <ul className="monitor-environments">
        {environments.map((one) => (
          <li key={one.name} data-testid="monitor-environment">
            <span className="what">
              <strong>
                <bdi>{environmentName(one.name)}</bdi>
              </strong>{" "}
              <StateBadge state={one.state} muted={one.muted} />
            </span>
            <Strip runs={one.strip} />
            <span className="muted">
              last <Ago time={one.last} now={now} label="Last run" /> · next{" "}
              <span className={due(one.next, now).late ? "monitor-late" : ""} title={one.next ?? undefined}>
                {due(one.next, now).text}
              </span>
            </span>
            {environments.length > 1 && one.name ? (
              <button type="button" className="button small quiet" onClick={() => void mute(one.name, !one.muted)}>
                {one.muted ? "Unmute here" : "Mute here"}
              </button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function CheckIns({ detail }: { detail: MonitorDetail }): React.ReactElement {
  const items = detail.check_ins;
  return (
    <section className="card" aria-label="Check-ins">
      <header>
        <h2>Check-ins</h2>
        <span className="muted">{items.length >= detail.most ? `the newest ${formatNumber(items.length)}` : formatNumber(items.length)}</span>
      </header>
      <div className="monitor-scroll flat" tabIndex={0} role="region" aria-label="Check-ins, newest first">
        <table className="plain monitor-runs">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Status</th>
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col">Environment</th>
              <th scope="col">Release</th>
              <th scope="col">Trace</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <CheckInRow key={`${one.id}${one.status}${one.at}`} one={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CheckInRow({ one }: { one: CheckIn }): React.ReactElement {
  const href = useHref();
  return (
    <tr data-testid="check-in">
      <td>
        <Moment time={one.at} />
      </td>
      <td>
        <StateBadge state={one.status} />
      </td>
      <td className="number">{one.duration_ms === null ? "–" : formatDuration(one.duration_ms * 1e6)}</td>
      <td>
        <bdi>{one.environment || "–"}</bdi>
      </td>
      <td>
        <bdi>{one.release || "–"}</bdi>
      </td>
      <td>
        {one.trace_id ? (
          <a href={href(`/app/traces/${encodeURIComponent(one.trace_id)}`)} title={one.trace_id}>
            <code>{one.trace_id.slice(0, 8)}</code>
          </a>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}

function ScheduleCard({ schedule }: { schedule: Schedule | null }): React.ReactElement {
  const facts: [string, React.ReactNode][] = schedule
    ? [
        ["Written", <code key="text">{schedule.text}</code>],
        ["Time zone", schedule.timezone],
        ["May begin late", `${formatNumber(schedule.margin_minutes)} min`],
        ["May take", `${formatNumber(schedule.max_runtime_minutes)} min`],
        ["Issue after", `${formatNumber(schedule.failure_issue_threshold)} failed in a row`],
        ["Over after", `${formatNumber(schedule.recovery_threshold)} good in a row`],
      ]
    : [];
  return (
    <aside className="card monitor-schedule" aria-label="Schedule">
      <header>
        <h2>Schedule</h2>
      </header>
      <div className="body">
        {schedule?.problem ? <p className="monitor-problem">It cannot be read, so missed runs are not noticed: {schedule.problem}</p> : null}
        {schedule === null ? <p className="muted">No schedule was told, so missed runs are not noticed. Send it with the check-in: a crontab line or an interval.</p> : null}
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {schedule ? <p className="muted">The job tells its schedule with its check-ins; to change it, change it there.</p> : null}
      </div>
    </aside>
  );
}
