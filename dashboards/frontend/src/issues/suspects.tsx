// Suspect commits of an issue: who changed the code that failed, with what points to each, or why nobody is known.
import * as React from "react";

import { formatNumber } from "../core/format.ts";
import type { Commit } from "./commit.ts";
import { ProblemBox } from "./empty.tsx";
import { useFetched } from "./fetched.ts";
import { Ago } from "./time.tsx";
import { useNow } from "./watch.ts";

interface Suspect {
  commit: Commit;
  confidence: "high" | "medium" | "low";
  evidence: { reason: string; text: string }[];
}

export interface Suspects {
  suspects: Suspect[];
  scope: "release" | "history" | "pushed" | null;
  release: string | null;
  previous_release: string | null;
  commits_looked_at: number;
  nothing: { code: string; text: string; hint: string | null } | null;
  paths: string[];
}

const SHOWN = 3;
const SCOPES = {
  release: "commits of this release",
  history: "commits of the repository",
  pushed: "commits that were pushed",
} as const;

/** Which commits were looked at, in words. */
export function scopeText(found: Suspects): string {
  if (found.scope === null) return "";
  const range = found.scope === "release" && found.release ? ` (${found.previous_release ? `${found.previous_release} to ` : ""}${found.release})` : "";
  return `Among ${formatNumber(found.commits_looked_at)} ${SCOPES[found.scope]}${range}.`;
}

export function IssueSuspects({ issue }: { issue: string }): React.ReactElement {
  const { document, problem, retry } = useFetched<Suspects>(`issues/${encodeURIComponent(issue)}/suspects`);
  const [all, setAll] = React.useState(false);
  const now = useNow(30_000);
  const shown = document?.suspects.slice(0, all ? undefined : SHOWN) ?? [];
  const hidden = (document?.suspects.length ?? 0) - shown.length;
  return (
    <section className="card side-card" aria-label="Suspect commits" aria-busy={document === null && !problem}>
      <h2>Suspect commits</h2>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? [1, 2].map((n) => <div key={n} className="skeleton tag-skeleton" />) : null}
      {document?.nothing ? <Nothing found={document} /> : null}
      <ol className="suspects">
        {shown.map((one) => (
          <SuspectRow key={one.commit.id} suspect={one} now={now} />
        ))}
      </ol>
      {hidden > 0 ? (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {formatNumber(hidden)} more
        </button>
      ) : null}
      {document && shown.length > 0 ? <p className="muted suspects-scope">{scopeText(document)}</p> : null}
    </section>
  );
}

function SuspectRow({ suspect, now }: { suspect: Suspect; now: number }): React.ReactElement {
  const { commit, confidence, evidence } = suspect;
  const title = <bdi>{commit.title}</bdi>;
  return (
    <li>
      <span className={`badge suspect-${confidence}`} title={`How far the evidence carries: ${confidence}`}>
        {confidence}
      </span>{" "}
      {commit.url ? (
        <a href={commit.url} rel="noreferrer noopener" target="_blank" title={commit.message.slice(0, 1000)}>
          {title}
        </a>
      ) : (
        <b title={commit.message.slice(0, 1000)}>{title}</b>
      )}
      <div className="muted">
        <code>{commit.short_id}</code> by <bdi title={commit.author_email ?? ""}>{commit.author_name}</bdi>{" "}
        <Ago time={commit.at} now={now} label="Committed" />
      </div>
      <ul className="suspect-evidence">
        {evidence.slice(0, 2).map((one) => (
          <li key={one.text}>
            <bdi>{one.text}</bdi>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Nothing({ found }: { found: Suspects }): React.ReactElement {
  return (
    <>
      <p>{found.nothing?.text}</p>
      {found.nothing?.hint ? <p className="muted">{found.nothing.hint}</p> : null}
      {found.nothing?.code === "no-mapping" && found.paths.length > 0 ? (
        <p className="muted">
          Looked for <code>{found.paths[0]}</code>
        </p>
      ) : null}
      {found.nothing?.code === "no-repository" ? <pre className="suspect-snippet">sentry-cli releases set-commits VERSION --local</pre> : null}
    </>
  );
}
