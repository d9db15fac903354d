// What the query meant and what it cost: plain English, SQL, rows and bytes read, time, range.
import * as React from "react";
import { formatBytes, formatNumber, formatRatio, formatShort } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { formatTime } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import { copy } from "./cell_menu.tsx";
import type { Meta, Progress } from "./model.ts";

export function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${Math.round(value)} ms`;
}

/** One line below the query: its meaning, its cost, and the switch to more. */
export function MeaningLine(props: { meta: Meta; ownRange: boolean; open: boolean; onToggle: () => void }): React.ReactElement {
  const { meta } = props;
  return (
    <div className="meaning">
      <p className="truncate" title={meta.english}>
        {meta.english}
      </p>
      {props.ownRange ? (
        <span className="badge" title="The time range in the query beats the one of the bar">
          range of the query
        </span>
      ) : null}
      <span className="cost muted" title={`${formatNumber(meta.rows_read)} rows, ${formatBytes(meta.bytes_read)} read`}>
        {milliseconds(meta.elapsed_ms)} · {formatShort(meta.rows_read)} rows read
      </span>
      <button type="button" className="button quiet small" aria-expanded={props.open} onClick={props.onToggle}>
        SQL and cost
        <Icon name="chevron" />
      </button>
    </div>
  );
}

/** The opened panel. */
export function Details({ meta }: { meta: Meta }): React.ReactElement {
  const zone = useZone();
  const facts: [string, string][] = [
    ["Time range", `${formatTime(meta.start, zone)} – ${formatTime(meta.end, zone)} ${zone === "utc" ? "UTC" : "local"}`],
    ["Rows read", formatNumber(meta.rows_read)],
    ["Bytes read", formatBytes(meta.bytes_read)],
    ["Engine", milliseconds(meta.elapsed_ms)],
    ["Planning", milliseconds(meta.plan_ms)],
    ["Sampling", meta.sample_rate === 1 ? "none: exact" : `${formatRatio(meta.sample_rate)} of the events`],
    ["Query id", meta.query_id],
  ];
  return (
    <section className="details card" aria-label="SQL and cost">
      <div className="details-english">
        <h3>In plain English</h3>
        <p>{meta.english}</p>
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt className="muted">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="details-sql">
        <h3>
          SQL
          <button type="button" className="button quiet small" onClick={() => void copy(meta.sql.join(";\n\n"), "SQL copied.")}>
            <Icon name="copy" />
            Copy
          </button>
        </h3>
        {meta.sql.map((text) => (
          <pre key={text} tabIndex={0}>
            {text}
          </pre>
        ))}
      </div>
    </section>
  );
}

export function Warnings({ meta }: { meta: Meta }): React.ReactElement | null {
  if (!meta.warnings.length && meta.sample_rate === 1) return null;
  return (
    <ul className="warnings">
      {meta.warnings.map((text) => (
        <li key={text}>{text}</li>
      ))}
      {meta.sample_rate === 1 ? null : <li>Computed from {formatRatio(meta.sample_rate)} of the events.</li>}
    </ul>
  );
}

/** How far a slow query is. */
export function ProgressLine({ progress }: { progress: Progress | null }): React.ReactElement | null {
  if (!progress) return null;
  const share = progress.total_rows ? Math.min(1, progress.rows_read / progress.total_rows) : null;
  return (
    <div className="progress" role="status">
      <progress max={1} {...(share === null ? {} : { value: share })} />
      <span>
        {progress.state === "queued"
          ? "Waiting for a free worker"
          : `${formatShort(progress.rows_read)}${progress.total_rows ? ` of ${formatShort(progress.total_rows)}` : ""} rows, ${formatBytes(progress.bytes_read)}`}
        {` · ${milliseconds(progress.elapsed_ms)}`}
      </span>
    </div>
  );
}
