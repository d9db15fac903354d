// The list of monitors: how each stands, its last runs, when the next is due.
import * as React from "react";

import { formatNumber } from "../core/format.ts";
import { painted } from "../core/painted.ts";
import { apiQuery } from "../core/search.ts";
import { useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { useFetched } from "../issues/fetched.ts";
import { Ago } from "../issues/time.tsx";
import { useNow } from "../issues/watch.ts";
import { StateBadge, Strip } from "./marks.tsx";
import { due, environmentName, type Monitor, type MonitorEnvironment, monitorPath, scheduleWords } from "./model.ts";

interface Answer {
  items: Monitor[];
  total: number;
  heard_days: number;
}

const CRONTAB = `# crontab: sentry-cli tells when the job began and how it ended
SENTRY_DSN="…"
0 3 * * *  sentry-cli monitors run nightly-report --schedule "0 3 * * *" -- ./report.sh`;

const PYTHON = `import sentry_sdk
from sentry_sdk.crons import monitor

sentry_sdk.init(dsn="…")

@monitor(monitor_slug="nightly-report", monitor_config={"schedule": {"type": "crontab", "value": "0 3 * * *"}})
def report(): ...`;

/** The page `/app/monitors`. */
export function MonitorList(): React.ReactElement {
  const { state } = useUrl();
  const pairs = apiQuery(state).filter(([name]) => name === "project" || name === "environment");
  const query = new URLSearchParams(pairs as [string, string][]).toString();
  const { document, problem, retry } = useFetched<Answer>(`monitors?${query}`);
  React.useEffect(() => {
    if (document) painted("monitors");
  }, [document]);
  return (
    <section className="monitors-page" aria-label="Monitors" aria-busy={document === null && !problem}>
      <h1>Monitors</h1>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <div className="skeleton monitor-skeleton" aria-hidden="true" /> : null}
      {document && document.items.length === 0 ? <Nothing chosen={pairs.length > 0} days={document.heard_days} /> : null}
      {document && document.items.length > 0 ? <Table items={document.items} days={document.heard_days} /> : null}
    </section>
  );
}

function Nothing({ chosen, days }: { chosen: boolean; days: number }): React.ReactElement {
  return (
    <div className="empty">
      <h2>{chosen ? "No monitor in what is chosen" : "No monitor yet"}</h2>
      <p>
        A scheduled job that tells when it begins and how it ends is a monitor, from its first check-in on. What is missed, hangs or fails becomes an issue. Nothing was told in the last{" "}
        {formatNumber(days)} days{chosen ? " by the projects and environments chosen above" : ""}.
      </p>
      <Snippet title="Any command, by sentry-cli" text={CRONTAB} />
      <Snippet title="In Python" text={PYTHON} />
    </div>
  );
}

function Snippet({ title, text }: { title: string; text: string }): React.ReactElement {
  return (
    <figure className="monitor-snippet">
      <figcaption>{title}</figcaption>
      <pre tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </figure>
  );
}

function Table({ items, days }: { items: Monitor[]; days: number }): React.ReactElement {
  const now = useNow(30_000);
  return (
    <>
      <div className="monitor-scroll" tabIndex={0} role="region" aria-label="Monitors, those that fail first">
        <table className="plain monitor-table">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col">Environment</th>
              <th scope="col">State</th>
              <th scope="col">Last runs</th>
              <th scope="col">Last</th>
              <th scope="col">Next</th>
            </tr>
          </thead>
          {items.map((one) => (
            <tbody key={`${one.project}/${one.monitor}`} data-testid="monitor">
              {one.environments.map((environment, index) => (
                <Row key={environment.name} monitor={one} environment={environment} first={index === 0} now={now} />
              ))}
            </tbody>
          ))}
        </table>
      </div>
      <p className="muted">Monitors that told something in the last {formatNumber(days)} days, those that fail first.</p>
    </>
  );
}

interface RowProps {
  monitor: Monitor;
  environment: MonitorEnvironment;
  first: boolean;
  now: number;
}

function Row({ monitor, environment, first, now }: RowProps): React.ReactElement {
  const href = useHref();
  const next = due(environment.next, now);
  return (
    <tr>
      {first ? (
        <th scope="rowgroup" rowSpan={monitor.environments.length}>
          <a className="monitor-name" href={href(monitorPath(monitor.project, monitor.monitor))} title={monitor.monitor}>
            <bdi>{monitor.monitor}</bdi>
          </a>
          <div className="muted">
            <bdi>{monitor.project}</bdi> · <bdi>{scheduleWords(monitor.schedule)}</bdi>
          </div>
          {monitor.schedule?.problem ? <div className="monitor-problem">{monitor.schedule.problem}</div> : null}
        </th>
      ) : null}
      <td data-label="Environment">
        <bdi>{environmentName(environment.name)}</bdi>
      </td>
      <td data-label="State">
        <StateBadge state={environment.state} muted={environment.muted} />
      </td>
      <td data-label="Last runs">
        <Strip runs={environment.strip} />
      </td>
      <td data-label="Last">
        <Ago time={environment.last} now={now} label="Last run" />
      </td>
      <td data-label="Next" className={next.late ? "monitor-late" : ""}>
        {environment.next ? (
          <time dateTime={environment.next} title={environment.next}>
            {next.text}
          </time>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
}
