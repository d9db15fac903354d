// One release beside the one before: its health, its issues, its commits and deploys.
import * as React from "react";

import { formatNumber, formatShort } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { apiQuery } from "../core/search.ts";
import { changePage, useHref, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { useFetched } from "../issues/fetched.ts";
import { LevelMark } from "../issues/marks.tsx";
import { Ago } from "../issues/time.tsx";
import { useNow } from "../issues/watch.ts";
import { Commits } from "./commits.tsx";
import { compared, type Deploy, quoted, type Release, type ReleaseDetail, type ReleaseIssue, releasePath, shortVersion } from "./model.ts";

interface Props {
  project: string;
  version: string;
}

/** The page `/app/releases/PROJECT/VERSION`. */
export function ReleaseView({ project, version }: Props): React.ReactElement {
  const { state } = useUrl();
  const compare = state.page["compare"] ?? "";
  const pairs = apiQuery(state).filter(([name]) => name !== "project");
  const query = new URLSearchParams([...pairs, ["release", version], ...(compare ? [["compare", compare]] : [])] as [string, string][]).toString();
  const { document, problem, retry } = useFetched<ReleaseDetail>(`projects/${encodeURIComponent(project)}/release?${query}`);
  React.useEffect(() => {
    if (document) painted("release");
  }, [document]);
  return (
    <article className="release-page" aria-busy={document === null && !problem}>
      <Head project={project} version={version} release={document?.release ?? null} />
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <div className="skeleton release-skeleton" aria-hidden="true" /> : null}
      {document ? (
        <div className="release-columns">
          <div className="release-main">
            <Health detail={document} />
            <Issues title="New issues" issues={document.new} none="No issue was first met in this release." />
            <Issues title="Regressed issues" issues={document.regressed} none="No resolved issue came back in this release." />
            <Issues title="Resolved in this release" issues={document.resolved} none="No issue is resolved in this release by name." />
          </div>
          <aside className="release-side">
            <Deploys deploys={document.all_deploys} />
            <Commits project={project} version={version} count={document.release.commits} />
          </aside>
        </div>
      ) : null}
    </article>
  );
}

function Head({ project, version, release }: Props & { release: Release | null }): React.ReactElement {
  const href = useHref();
  const now = useNow(30_000);
  return (
    <header className="release-head">
      <a className="muted" href={href("/app/releases")}>
        Releases
      </a>
      <h1>
        <bdi title={version}>{shortVersion(version)}</bdi> {release?.latest ? <span className="badge accent">latest</span> : null}
      </h1>
      <p className="muted">
        <bdi>{project}</bdi> · <bdi>{version}</bdi>
        {release ? (
          <>
            {" · "}
            {release.released_at ? "released " : "began "}
            <Ago time={release.began} now={now} label={release.released_at ? "Released" : "Began"} />
            {release.last_seen ? (
              <>
                {" · last event "}
                <Ago time={release.last_seen} now={now} label="Last event" />
              </>
            ) : (
              " · no event in this time"
            )}
          </>
        ) : null}
      </p>
      <nav className="release-links" aria-label="More of this release">
        <a className="button small" href={href(`/app/discover?q=${encodeURIComponent(`from errors release:${quoted(version)}`)}`)}>
          <Icon name="discover" /> Errors in Discover
        </a>
        <a className="button small" href={href(`/app/issues?tab=all&q=${encodeURIComponent(`release:${quoted(version)}`)}&project=${encodeURIComponent(project)}`)}>
          <Icon name="issues" /> All its issues
        </a>
      </nav>
    </header>
  );
}

function Health({ detail }: { detail: ReleaseDetail }): React.ReactElement {
  const href = useHref();
  const rows = compared(detail.release, detail.compared);
  const other = detail.compared;
  return (
    <section className="card" aria-label="Health">
      <header className="release-health-head">
        <h2>Health</h2>
        {detail.others.length > 0 ? (
          <label>
            compared with{" "}
            <select value={other?.version ?? ""} onChange={(event) => changePage({ compare: event.target.value })}>
              {other === null ? <option value="">nothing</option> : null}
              {detail.others.map((name) => (
                <option key={name} value={name}>
                  {shortVersion(name)}
                </option>
              ))}
            </select>
          </label>
        ) : null}
      </header>
      {rows.length === 0 ? (
        <p className="body muted">Nothing was measured in this time. Choose a longer one.</p>
      ) : (
        <table className="plain release-health">
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" className="number">
                This release
              </th>
              {other ? (
                <>
                  <th scope="col" className="number">
                    <a href={href(releasePath(other.project, other.version))}>
                      <bdi>{shortVersion(other.version)}</bdi>
                    </a>
                  </th>
                  <th scope="col" className="number">
                    Change
                  </th>
                </>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td className="number">{row.here}</td>
                {other ? (
                  <>
                    <td className="number muted">{row.there}</td>
                    <td className={`number change-${row.verdict}`}>
                      {row.change}
                      {row.verdict === "same" ? null : <span className="visually-hidden"> {row.verdict}</span>}
                      {row.verdict === "same" ? null : <span aria-hidden="true">{row.verdict === "better" ? " ✓" : " !"}</span>}
                    </td>
                  </>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Issues({ title, issues, none }: { title: string; issues: ReleaseIssue[]; none: string }): React.ReactElement {
  const href = useHref();
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="badge">{formatNumber(issues.length)}</span>
      </header>
      {issues.length === 0 ? (
        <p className="body muted">{none}</p>
      ) : (
        <ul className="release-issues">
          {issues.map((one) => (
            <li key={one.id}>
              <LevelMark level={one.level} />
              <span className="what">
                <a href={href(`/app/issues/${encodeURIComponent(one.id)}`)} dir="auto" title={one.title}>
                  {one.title || "(no title)"}
                </a>
                <span className="muted">
                  {one.id} · <bdi>{one.culprit || "no culprit"}</bdi>
                </span>
              </span>
              <span className="number muted" title={`${formatNumber(one.events)} events of ${formatNumber(one.users)} users in this release`}>
                {formatShort(one.events)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Deploys({ deploys }: { deploys: Deploy[] }): React.ReactElement {
  const now = useNow(30_000);
  return (
    <section className="card side-card" aria-label="Deploys">
      <h2>Deploys</h2>
      {deploys.length === 0 ? <p className="muted">None was told. <code>sentry-cli deploys</code> tells them.</p> : null}
      <ul className="release-deploy-list">
        {deploys.map((one, place) => (
          <li key={place}>
            <span className="badge">
              <bdi>{one.environment || "deployed"}</bdi>
            </span>{" "}
            {one.name ? <bdi>{one.name}</bdi> : null} <Ago time={one.at} now={now} label="Deployed" />
          </li>
        ))}
      </ul>
    </section>
  );
}
