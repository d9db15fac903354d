// The list of releases: how each does, beside the others.
import * as React from "react";

import { formatNumber, formatShort } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { apiQuery } from "../core/search.ts";
import { changeUrl, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { useFetched } from "../issues/fetched.ts";
import { Ago } from "../issues/time.tsx";
import { useNow } from "../issues/watch.ts";
import { AdoptionBar, CrashFree } from "./marks.tsx";
import { milliseconds, type Release, releasePath, shortVersion } from "./model.ts";

interface Answer {
  items: Release[];
  total: number;
}

/** The page `/app/releases`. */
export function ReleaseList(): React.ReactElement {
  const { state } = useUrl();
  const query = new URLSearchParams(apiQuery(state)).toString();
  const { document, problem, retry } = useFetched<Answer>(`releases?${query}&limit=100`);
  React.useEffect(() => {
    if (document) painted("releases");
  }, [document]);
  return (
    <section className="releases-page" aria-label="Releases" aria-busy={document === null && !problem}>
      <h1>Releases</h1>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <Waiting /> : null}
      {document && document.items.length === 0 ? <Nothing wide={state.range === "30d" || state.start !== ""} /> : null}
      {document && document.items.length > 0 ? <Table items={document.items} total={document.total} /> : null}
    </section>
  );
}

function Waiting(): React.ReactElement {
  return (
    <div className="release-waiting" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((n) => (
        <div key={n} className="skeleton" />
      ))}
    </div>
  );
}

function Nothing({ wide }: { wide: boolean }): React.ReactElement {
  return (
    <div className="empty">
      <h2>No release in this time</h2>
      <p>Events say which release they are of when the SDK is told, and deployments tell theirs:</p>
      <pre className="release-snippet">{'sentry_sdk.init(dsn="…", release="shop@1.2.0")\nsentry-cli releases new shop@1.2.0'}</pre>
      {wide ? null : (
        <button type="button" className="button" onClick={() => changeUrl({ range: "30d", start: "", end: "" })}>
          Look at 30 days
        </button>
      )}
    </div>
  );
}

function Table({ items, total }: { items: Release[]; total: number }): React.ReactElement {
  const now = useNow(30_000);
  return (
    <div className="release-scroll" tabIndex={0} role="region" aria-label="Releases, newest first">
      <table className="plain release-table">
        <thead>
          <tr>
            <th scope="col">Release</th>
            <th scope="col">Adoption</th>
            <th scope="col">Crash-free sessions</th>
            <th scope="col">Crash-free users</th>
            <th scope="col" className="number">
              Errors
            </th>
            <th scope="col" className="number">
              New issues
            </th>
            <th scope="col" className="number">
              P95
            </th>
            <th scope="col" className="number">
              Commits
            </th>
            <th scope="col">Deploys</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <Row key={`${one.project}/${one.version}`} release={one} now={now} />
          ))}
        </tbody>
      </table>
      {total > items.length ? <p className="muted release-more">The newest {formatNumber(items.length)} of {formatNumber(total)}.</p> : null}
    </div>
  );
}

function Row({ release, now }: { release: Release; now: number }): React.ReactElement {
  const href = useHref();
  return (
    <tr data-testid="release-row">
      <th scope="row">
        <a className="release-name" href={href(releasePath(release.project, release.version))} title={release.version}>
          <bdi>{shortVersion(release.version)}</bdi>
        </a>{" "}
        {release.latest ? <span className="badge accent">latest</span> : null}
        <div className="muted">
          {release.project} · <Ago time={release.began} now={now} label={release.released_at ? "Released" : "Began"} />
        </div>
      </th>
      <td data-label="Adoption">
        <AdoptionBar share={release.adoption} />
      </td>
      <td data-label="Crash-free sessions">
        <CrashFree share={release.crash_free_sessions} of={release.sessions} what="sessions" />
      </td>
      <td data-label="Crash-free users">
        <CrashFree share={release.crash_free_users} of={release.users} what="users" />
      </td>
      <td data-label="Errors" className="number" title={formatNumber(release.errors)}>
        {formatShort(release.errors)}
      </td>
      <td data-label="New issues" className="number">
        {formatShort(release.new_issues)}
      </td>
      <td data-label="P95" className="number">
        {milliseconds(release.p95_ms)}
      </td>
      <td data-label="Commits" className="number">
        {release.commits === 0 ? "–" : formatShort(release.commits)}
      </td>
      <td data-label="Deploys">
        {release.deploys.length === 0 ? (
          "–"
        ) : (
          <span className="release-deploys">
            {release.deploys.slice(0, 3).map((one) => (
              <span key={one.environment} className="badge" title={one.at ? `Deployed ${one.at}` : "Deployed"}>
                <Icon name="check" /> <bdi>{one.environment || "deployed"}</bdi>
              </span>
            ))}
          </span>
        )}
      </td>
    </tr>
  );
}
