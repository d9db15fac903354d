// The root-cause panel: asks when one wants it, says how far it is, and tells what it found with the questions behind it.
import * as React from "react";

import { formatDuration, formatNumber, formatRatio } from "../core/format.ts";
import { painted } from "../core/painted.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { Moment } from "../issues/time.tsx";
import { type Analysis, type Chart, type Hypothesis, lineOf, questionHref, safeLink, stepsOf, type Subject, sureness } from "./model.ts";
import { type Running, useAnalysis } from "./useAnalysis.ts";

interface Props {
  subject: Subject;
  /** Ask at once, because somebody pressed a button for it. */
  now?: boolean;
}

export function RootCause({ subject, now = false }: Props): React.ReactElement {
  const asked = useAnalysis(subject);
  const { analysis, problem, running } = asked;
  const begun = React.useRef(false);
  React.useEffect(() => {
    if (!now || begun.current) return;
    begun.current = true;
    asked.ask();
  }, [now]);
  React.useEffect(() => {
    if (analysis) painted("rca");
  }, [analysis]);
  return (
    <section className="rca" aria-label="Root cause" aria-busy={running !== null} data-testid="rca">
      <header className="rca-head">
        <h2>Root cause</h2>
        {analysis ? <span className="muted">{formatDuration(analysis.elapsed_ms * 1e6)}</span> : null}
        <span className="trace-gap" />
        {running ? (
          <button type="button" className="button small" onClick={asked.cancel}>
            Cancel
          </button>
        ) : (
          <button type="button" className={analysis || problem ? "button quiet small" : "button small"} onClick={asked.ask}>
            {analysis || problem ? "Ask again" : "Find the cause"}
          </button>
        )}
      </header>
      {running ? <Progress running={running} /> : null}
      {problem ? <ProblemBox problem={problem} retry={asked.ask} /> : null}
      {!analysis && !problem && !running ? <p className="muted">Compares the time it was bad with the time before: services and their calls, releases, deploys and flags, fields, logs and commits.</p> : null}
      {analysis ? <Found analysis={analysis} /> : null}
    </section>
  );
}

function Progress({ running }: { running: Running }): React.ReactElement {
  return (
    <div className="rca-progress" role="status">
      <progress aria-label="The analysis is under way" />
      <span className="muted">
        {running.answered === 0 ? "Asking …" : `${formatNumber(running.answered)} questions answered${running.last ? `, last about ${running.last.slice(0, 80)}` : ""}`}
      </span>
    </div>
  );
}

/** Less probable causes come when they are asked for. */
const LEAST = 0.05;
const NOTHING = { nothing: "Nothing is wrong", "not-enough-data": "Not enough is known to tell" } as const;

function Found({ analysis }: { analysis: Analysis }): React.ReactElement {
  const [shown, setShown] = React.useState(0);
  const [all, setAll] = React.useState(false);
  const { hypotheses, verdict } = analysis;
  const hidden = all ? 0 : hypotheses.filter(({ confidence }, i) => i > 0 && (confidence ?? 0) < LEAST).length;
  const chosen = hypotheses[shown] ?? null;
  return (
    <div className="rca-found">
      {verdict === "cause" ? null : (
        <div className={`rca-verdict ${verdict}`}>
          <strong>{NOTHING[verdict]}</strong>
          <p>{analysis.why}</p>
        </div>
      )}
      {analysis.onset ? (
        <p className="muted">
          Began <Moment time={analysis.onset.at} />
          {analysis.blast_radius.share !== null ? `, reached ${formatRatio(Number(analysis.blast_radius.share.toPrecision(2)))} of the requests` : ""}
        </p>
      ) : null}
      {hypotheses.length > 0 ? (
        <ol className="rca-list" aria-label="Possible causes">
          {hypotheses.slice(0, hypotheses.length - hidden).map((one, i) => (
            <li key={i}>
              <button type="button" aria-pressed={i === shown} onClick={() => setShown(i)}>
                <Confidence value={one.confidence} />
                <bdi>{one.title.slice(0, 300)}</bdi>
              </button>
            </li>
          ))}
        </ol>
      ) : null}
      {hidden > 0 ? (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {formatNumber(hidden)} more, hardly possible
        </button>
      ) : null}
      {chosen ? <Cause one={chosen} analysis={analysis} /> : null}
      <Charts analysis={analysis} />
      <Differences analysis={analysis} />
      <RuledOut analysis={analysis} />
      <p className="muted rca-foot">
        Looked at {formatNumber(analysis.looked_at.series)} series of {formatNumber(analysis.looked_at.services)} services and {formatNumber(analysis.looked_at.changes)} changes, from{" "}
        <Moment time={analysis.window.start} /> to <Moment time={analysis.window.end} />.{analysis.notes.map((note) => ` ${note}`)}
      </p>
    </div>
  );
}

function Confidence({ value }: { value: number | null }): React.ReactElement {
  return (
    <span className="rca-confidence" title={`How probable: ${sureness(value)}`}>
      <span className="rca-gauge" aria-hidden="true">
        <span style={{ width: `${(value ?? 0) * 100}%` }} />
      </span>
      <span>{value === null ? "?" : formatRatio(Number(value.toFixed(2)))}</span>
      <span className="muted">{sureness(value)}</span>
    </span>
  );
}

function Cause({ one, analysis }: { one: Hypothesis; analysis: Analysis }): React.ReactElement {
  const steps = stepsOf(one.chain, one.node);
  return (
    <div className="rca-cause">
      {one.change ? <ChangeLine one={one} analysis={analysis} /> : null}
      <ol className="rca-chain" aria-label="From the cause to what was seen">
        {steps.map((step, i) => (
          <li key={i} className={i === 0 ? "first" : i === steps.length - 1 ? "last" : ""}>
            <b>
              <bdi>{step.name.slice(0, 80) || "(no name)"}</bdi>
            </b>
            {step.text ? <span>{step.text.slice(0, 240)}</span> : null}
            <Ask analysis={analysis} at={step.keys[0]} />
          </li>
        ))}
      </ol>
      {one.evidence.length > 0 ? (
        <>
          <h3>What speaks for it</h3>
          <ul className="rca-evidence">
            {one.evidence.map((piece, i) => (
              <li key={i} className={(piece.weight ?? 0) < 0 ? "against" : ""}>
                <span aria-hidden="true">{(piece.weight ?? 0) < 0 ? "−" : "+"}</span>
                <span>
                  {(piece.weight ?? 0) < 0 ? <span className="visually-hidden">Against: </span> : null}
                  <bdi>{piece.text.slice(0, 400)}</bdi>
                </span>
                <Ask analysis={analysis} at={piece.key} />
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {one.commits.length > 0 ? (
        <ul className="rca-evidence">
          {one.commits.slice(0, 5).map((commit) => (
            <li key={commit.sha}>
              <code>{commit.sha.slice(0, 8)}</code>
              <span>
                <bdi>{commit.title.slice(0, 160)}</bdi> <span className="muted">{[commit.author, commit.why].filter(Boolean).join(": ").slice(0, 200)}</span>
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function ChangeLine({ one, analysis }: { one: Hypothesis; analysis: Analysis }): React.ReactElement {
  const change = one.change!;
  const link = safeLink(change.link);
  const title = <bdi>{change.title.slice(0, 200) || change.id.slice(0, 60)}</bdi>;
  return (
    <p className="rca-change">
      <span className="badge accent">{change.kind.slice(0, 30)}</span>{" "}
      {link ? (
        <a href={link} rel="noreferrer noopener" target="_blank">
          {title}
        </a>
      ) : (
        title
      )}{" "}
      {change.at ? <Moment time={change.at} /> : null} {change.author ? <span className="muted">by {change.author.slice(0, 80)}</span> : null} <Ask analysis={analysis} at={change.key} />
    </p>
  );
}

/** The question behind something, in Discover. */
function Ask({ analysis, at }: { analysis: Analysis; at: string | null | undefined }): React.ReactElement | null {
  const href = questionHref(analysis, at);
  if (!href) return null;
  return (
    <a className="rca-ask" href={href} title={analysis.evidence[at!]?.query.slice(0, 600)} aria-label={`Open in Discover: ${(analysis.evidence[at!]?.title ?? "").slice(0, 120)}`}>
      Discover
    </a>
  );
}

const [WIDTH, HEIGHT] = [260, 56];

function Charts({ analysis }: { analysis: Analysis }): React.ReactElement | null {
  if (analysis.charts.length === 0) return null;
  return (
    <ul className="rca-charts" aria-label="Series">
      {analysis.charts.map((chart) => (
        <Small key={chart.key} chart={chart} analysis={analysis} />
      ))}
    </ul>
  );
}

function Small({ chart, analysis }: { chart: Chart; analysis: Analysis }): React.ReactElement {
  const { path, bad, onset } = lineOf(chart, WIDTH, HEIGHT);
  return (
    <li>
      <span className="rca-chart-title">
        <bdi className="truncate">{chart.title.slice(0, 100)}</bdi>
        <Ask analysis={analysis} at={chart.key} />
      </span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${chart.title.slice(0, 100)}; the shaded part is when it was bad`}>
        <rect className="rca-bad" x={bad[0] * WIDTH} y={0} width={Math.max(1, (bad[1] - bad[0]) * WIDTH)} height={HEIGHT} />
        <path className="rca-line" d={path} />
        {onset === null ? null : <path className="rca-onset" d={`M${onset * WIDTH} 0V${HEIGHT}`} />}
      </svg>
    </li>
  );
}

function Differences({ analysis }: { analysis: Analysis }): React.ReactElement | null {
  const { differences } = analysis.blast_radius;
  if (differences.length === 0) return null;
  const share = (value: number | null): string => (value === null ? "?" : formatRatio(Number(value.toPrecision(2))));
  return (
    <details className="rca-more" open>
      <summary>What the bad ones have in common</summary>
      <ul className="rca-evidence">
        {differences.slice(0, 8).map((one, i) => (
          <li key={i}>
            <span aria-hidden="true">·</span>
            <span>
              <bdi className="mono">
                {one.field.slice(0, 60)}: {one.value.slice(0, 120)}
              </bdi>{" "}
              <span className="muted">
                {share(one.bad_share)} of the bad ones, {share(one.good_share)} of the others
              </span>
            </span>
            <Ask analysis={analysis} at={one.key} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function RuledOut({ analysis }: { analysis: Analysis }): React.ReactElement | null {
  if (analysis.ruled_out.length === 0) return null;
  return (
    <details className="rca-more">
      <summary>Ruled out: {formatNumber(analysis.ruled_out.length)}</summary>
      <ul className="rca-evidence">
        {analysis.ruled_out.map((one, i) => (
          <li key={i}>
            <span aria-hidden="true">×</span>
            <span>
              <bdi>{one.what.slice(0, 160)}</bdi> <span className="muted">{one.why.slice(0, 240)}</span>
            </span>
            <Ask analysis={analysis} at={one.key} />
          </li>
        ))}
      </ul>
    </details>
  );
}
