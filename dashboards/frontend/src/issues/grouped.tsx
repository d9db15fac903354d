// Why an event is in its issue: what was hashed, which frames count and why the others do not.
import * as React from "react";

import { formatNumber } from "../core/format.ts";
import { ProblemBox } from "./empty.tsx";
import { useFetched } from "./fetched.ts";
import { type Frame, type Grouped, labelled, sourceText } from "./grouped.ts";

const SHOWN = 12;

export function IssueGrouping({ issue, event }: { issue: string; event: string }): React.ReactElement {
  const path = `issues/${encodeURIComponent(issue)}/events/${encodeURIComponent(event)}/grouping`;
  const { document, problem, retry } = useFetched<Grouped>(path);
  return (
    <section className="card grouped" aria-label="Why grouped" aria-busy={document === null && !problem}>
      <h2>Why grouped</h2>
      {problem ? <ProblemBox problem={problem} retry={retry} /> : null}
      {document === null && !problem ? <div className="skeleton tag-skeleton" /> : null}
      {document ? <Reasons found={document} /> : null}
    </section>
  );
}

function Reasons({ found }: { found: Grouped }): React.ReactElement {
  return (
    <>
      <p>
        {sourceText(found)} <span className="muted">(version {found.version}, rules as they are now)</span>
      </p>
      {found.rule ? (
        <p>
          <span className="muted">Line {formatNumber(found.rule_line)}:</span> <code className="grouped-rule">{found.rule}</code>
        </p>
      ) : null}
      <ul className="grouped-parts">
        {found.parts.map((part, index) => {
          const [label, text] = labelled(part);
          return (
            <li key={`${index} ${part}`}>
              {label ? <span className="muted">{label}</span> : null} <code>{text}</code>
            </li>
          );
        })}
      </ul>
      {found.wrappers.length > 0 ? (
        <p className="muted">
          Does not count: <bdi>{found.wrappers.join(", ")}</bdi>, which only {found.wrappers.length > 1 ? "wrap" : "wraps"} the cause.
        </p>
      ) : null}
      {found.frames.length > 0 ? <Frames frames={found.frames} /> : null}
    </>
  );
}

function Frames({ frames }: { frames: Frame[] }): React.ReactElement {
  const [all, setAll] = React.useState(false);
  const shown = frames.slice(0, all ? undefined : SHOWN);
  return (
    <details>
      <summary>
        {formatNumber(frames.filter((one) => one.counts).length)} of {formatNumber(frames.length)} frames count
      </summary>
      <ol className="grouped-frames">
        {shown.map((one) => (
          <li key={`${one.exception} ${one.frame}`} className={one.counts ? "counts" : undefined}>
            <span aria-hidden="true">{one.counts ? "●" : "○"}</span> <code>{one.key || "(no name)"}</code>{" "}
            <span className="muted">{one.why}</span>
          </li>
        ))}
      </ol>
      {shown.length < frames.length ? (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {formatNumber(frames.length - shown.length)} more
        </button>
      ) : null}
    </details>
  );
}
