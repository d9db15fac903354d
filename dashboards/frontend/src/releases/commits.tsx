// The commits of a release and who wrote them.
import * as React from "react";

import { formatNumber } from "../core/format.ts";
import type { Commit } from "../issues/commit.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { useFetched } from "../issues/fetched.ts";
import { Ago } from "../issues/time.tsx";
import { useNow } from "../issues/watch.ts";
import { authors } from "./model.ts";

const SHOWN = 20;
const NAMED = 6;

export function Commits({ project, version, count }: { project: string; version: string; count: number }): React.ReactElement {
  return (
    <section className="card side-card" aria-label="Commits">
      <h2>Commits</h2>
      {count === 0 ? (
        <p className="muted">
          None is known. <code>sentry-cli releases set-commits</code>, a push webhook or <code>amber commits sync</code> tell them.
        </p>
      ) : (
        <Known project={project} version={version} />
      )}
    </section>
  );
}

function Known({ project, version }: { project: string; version: string }): React.ReactElement {
  const { document, problem, retry } = useFetched<{ items: Commit[] }>(
    `projects/${encodeURIComponent(project)}/commits?release=${encodeURIComponent(version)}`,
  );
  const [all, setAll] = React.useState(false);
  const now = useNow(30_000);
  if (problem) return <ProblemBox problem={problem} retry={retry} />;
  if (document === null) return <div className="skeleton tag-skeleton" aria-hidden="true" />;
  const who = authors(document.items);
  const rest = who.length - NAMED;
  return (
    <>
      <p className="muted release-authors">
        {formatNumber(document.items.length)} by{" "}
        {who.slice(0, NAMED).map((one, place) => (
          <React.Fragment key={one.name + place}>
            {place > 0 ? ", " : null}
            <bdi>{one.name}</bdi>
            {one.commits > 1 ? ` (${formatNumber(one.commits)})` : null}
          </React.Fragment>
        ))}
        {rest > 0 ? ` and ${formatNumber(rest)} more` : null}
      </p>
      <ol className="release-commits">
        {document.items.slice(0, all ? undefined : SHOWN).map((one) => (
          <li key={one.id}>
            {one.url ? (
              <a href={one.url} rel="noreferrer noopener" target="_blank" title={one.message.slice(0, 1000)}>
                <bdi>{one.title}</bdi>
              </a>
            ) : (
              <b title={one.message.slice(0, 1000)}>
                <bdi>{one.title}</bdi>
              </b>
            )}
            <div className="muted">
              <code>{one.short_id}</code> by <bdi title={one.author_email ?? ""}>{one.author_name}</bdi> <Ago time={one.at} now={now} label="Committed" />
            </div>
          </li>
        ))}
      </ol>
      {!all && document.items.length > SHOWN ? (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {formatNumber(document.items.length - SHOWN)} more
        </button>
      ) : null}
    </>
  );
}
