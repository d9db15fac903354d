// The commonest values of the fields: a click keeps one, Alt and a click drops it.
import * as React from "react";
import { formatNumber, formatShort } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { painted } from "../core/painted.ts";
import { formatTime } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import type { Change, Facet, FacetValue, Value } from "./model.ts";
import type { Part } from "./run.ts";

interface Props {
  facets: Part<Facet[]>;
  onChange: (change: Change) => void;
}

const SHOWN = 5;
const OPEN_FIELDS = 8;

export function FacetsPanel({ facets, onChange }: Props): React.ReactElement {
  React.useEffect(() => {
    if (facets.state === "known") painted("facets");
  }, [facets]);
  return (
    <aside className="facets" aria-label="Values" data-testid="facets" aria-busy={facets.state === "loading"}>
      {facets.state === "failed" ? (
        <p className="muted facet-note">{facets.problem.message}</p>
      ) : facets.value ? (
        <div className={facets.state === "loading" ? "stale" : ""}>
          {facets.value.map((facet, index) => (
            <Group key={facet.field} facet={facet} open={index < OPEN_FIELDS} onChange={onChange} />
          ))}
          {facets.value.length ? null : <p className="muted facet-note">No values to count.</p>}
        </div>
      ) : (
        [0, 1, 2, 3].map((at) => <div key={at} className="skeleton facet-skeleton" />)
      )}
    </aside>
  );
}

function Group(props: { facet: Facet; open: boolean; onChange: (change: Change) => void }): React.ReactElement {
  const { facet } = props;
  const zone = useZone();
  const [all, setAll] = React.useState(false);
  // What is closed costs nothing: some twenty fields are.
  const [opened, setOpened] = React.useState(props.open);
  const shown = all ? facet.values : facet.values.slice(0, SHOWN);
  const most = Math.max(1, ...facet.values.map((entry) => entry.count));
  const more = facet.values.length - SHOWN;
  return (
    <details open={props.open} onToggle={(event) => event.currentTarget.open && setOpened(true)}>
      <summary>
        <span className="truncate" title={facet.since ? `${facet.field}: counted over the newest rows only` : facet.field}>
          {facet.field}
        </span>
        <span className="muted">
          {facet.since ? `since ${formatTime(facet.since, zone).slice(5, 16)} · ` : ""}
          {formatShort(facet.distinct)}
        </span>
      </summary>
      {opened ? (
        <ul>
          {shown.map((entry) => (
            <ValueRow key={JSON.stringify(entry.value)} field={facet.field} entry={entry} most={most} total={facet.total} onChange={props.onChange} />
          ))}
        </ul>
      ) : null}
      {opened && more > 0 ? (
        <button type="button" className="link-button" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${more} more`}
        </button>
      ) : null}
    </details>
  );
}

function show(value: Value): string {
  if (value === null) return "(none)";
  return value === "" ? '""' : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function ValueRow(props: {
  field: string;
  entry: FacetValue;
  most: number;
  total: number;
  onChange: (change: Change) => void;
}): React.ReactElement {
  const { field, entry } = props;
  const share = props.total ? ` (${Math.round((entry.count / props.total) * 100)}%)` : "";
  const change = (exclude: boolean) =>
    props.onChange({ op: exclude ? "exclude" : "filter", field, value: entry.value });
  return (
    <li>
      <button
        type="button"
        className="facet-value"
        title={`${show(entry.value)}: ${formatNumber(entry.count)}${share}. Click: only this. Alt-click: without it.`}
        onClick={(event) => change(event.altKey)}
      >
        <i style={{ width: `${(entry.count / props.most) * 100}%` }} />
        <span className="truncate">{show(entry.value)}</span>
        <b>{formatShort(entry.count)}</b>
      </button>
      <button type="button" className="facet-not" aria-label={`Without ${show(entry.value)}`} title="Without this value" onClick={() => change(true)}>
        <Icon name="minus" />
      </button>
    </li>
  );
}
