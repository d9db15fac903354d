// The dialog of a dashboard's own facts: name, sharing, time, refresh, and its variables.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import { EXAMPLES, type ParameterType, TYPES } from "../discover/parameters.ts";
import type { Draft } from "./api.ts";
import { MOST, type Variable } from "./model.ts";
import { SharingField } from "./sharing.tsx";

export const RANGES: readonly (readonly [string, string])[] = [
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];
const REFRESHES: readonly (readonly [number, string])[] = [
  [0, "Never"],
  [10, "Every 10 seconds"],
  [30, "Every 30 seconds"],
  [60, "Every minute"],
  [300, "Every 5 minutes"],
  [3600, "Every hour"],
];

/** Lists without the empty lines one types between values. */
function tidy(draft: Draft): Draft {
  const variables = draft.content.variables.map((one) =>
    one.values?.kind === "list" ? { ...one, values: { ...one.values, values: one.values.values.map((value) => value.trim()).filter(Boolean) } } : one,
  );
  return { ...draft, name: draft.name.trim(), content: { ...draft.content, variables } };
}

interface Props {
  draft: Draft;
  /** Data sets whose fields variables can take values of. */
  datasets: readonly string[];
  onClose: () => void;
  onKeep: (draft: Draft) => void;
}

export function BoardSettings({ draft, datasets, onClose, onKeep }: Props): React.ReactElement {
  const [now, setNow] = React.useState(draft);
  const form = React.useId();
  const { content } = now;
  const footer = (
    <>
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button primary">
        Keep
      </button>
    </>
  );
  const change = (part: Partial<Draft["content"]>) => setNow({ ...now, content: { ...content, ...part } });
  return (
    <Dialog title="Settings of the dashboard" open onClose={onClose} footer={footer}>
      <form
        id={form}
        className="board-settings"
        onSubmit={(event) => {
          event.preventDefault();
          onKeep(tidy(now));
        }}
      >
        <label className="field">
          Name
          <input type="text" value={now.name} required maxLength={200} onChange={(event) => setNow({ ...now, name: event.target.value })} />
        </label>
        <label className="field">
          What it is for
          <textarea rows={2} value={now.description} maxLength={2000} onChange={(event) => setNow({ ...now, description: event.target.value })} />
        </label>
        <SharingField label="Who may see it" sharing={now.sharing} onChange={(sharing) => setNow({ ...now, sharing })} />
        <div className="board-two">
          <label className="field">
            Opens with
            <select value={content.range ?? ""} onChange={(event) => change({ range: event.target.value || null })}>
              <option value="">The time one looks at</option>
              {ranged(content.range).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            Looks again
            <select value={content.refresh_s} onChange={(event) => change({ refresh_s: Number(event.target.value) })}>
              {refreshed(content.refresh_s).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Variables variables={content.variables} datasets={datasets} onChange={(variables) => change({ variables })} />
      </form>
    </Dialog>
  );
}

const ranged = (range: string | null) => (range === null || RANGES.some(([value]) => value === range) ? RANGES : [...RANGES, [range, `Last ${range}`] as const]);
const refreshed = (seconds: number) => (REFRESHES.some(([value]) => value === seconds) ? REFRESHES : [...REFRESHES, [seconds, `Every ${seconds} seconds`] as const]);

function Variables({ variables, datasets, onChange }: { variables: Variable[]; datasets: readonly string[]; onChange: (variables: Variable[]) => void }): React.ReactElement {
  const put = (place: number, part: Partial<Variable>) => onChange(variables.map((one, at) => (at === place ? { ...one, ...part } : one)));
  const add = () => {
    const number = variables.length + 1;
    onChange([...variables, { name: `value${number}`, label: "", type: "string", values: null, default: null }]);
  };
  return (
    <fieldset className="board-edit-variables">
      <legend>Variables</legend>
      <p className="muted">
        A query uses one as <code>$name</code>: <code>level:$level</code>, or <code>environment in [$environments]</code> for several values.
      </p>
      {variables.map((variable, place) => (
        <VariableForm key={place} variable={variable} datasets={datasets} onChange={(part) => put(place, part)} onRemove={() => onChange(variables.filter((_, at) => at !== place))} />
      ))}
      {variables.length < MOST.variables ? (
        <button type="button" className="button small" onClick={add}>
          <Icon name="plus" />
          Add a variable
        </button>
      ) : null}
    </fieldset>
  );
}

function VariableForm({ variable, datasets, onChange, onRemove }: { variable: Variable; datasets: readonly string[]; onChange: (part: Partial<Variable>) => void; onRemove: () => void }): React.ReactElement {
  const { values } = variable;
  const kind = values?.kind ?? "any";
  const choose = (next: string) =>
    onChange({ values: next === "list" ? { kind: "list", values: [] } : next === "field" ? { kind: "field", dataset: "errors", field: "environment" } : null });
  return (
    <div className="board-edit-variable">
      <label className="field">
        Name
        <input type="text" className="mono" required pattern="[A-Za-z_][A-Za-z0-9_]{0,63}" title="Letters, digits and _, not beginning with a digit" value={variable.name} onChange={(event) => onChange({ name: event.target.value })} />
      </label>
      <label className="field">
        Shown as
        <input type="text" value={variable.label} maxLength={100} onChange={(event) => onChange({ label: event.target.value })} />
      </label>
      <label className="field">
        Type
        <select value={variable.type} onChange={(event) => onChange({ type: event.target.value as ParameterType })}>
          {TYPES.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <label className="field">
        Values
        <select value={kind} onChange={(event) => choose(event.target.value)}>
          <option value="any">Any</option>
          <option value="list">A list</option>
          <option value="field">Of a field</option>
        </select>
      </label>
      {values?.kind === "list" ? (
        <label className="field board-wide">
          The list, one a line
          <textarea rows={3} className="mono" value={values.values.join("\n")} onChange={(event) => onChange({ values: { kind: "list", values: event.target.value.split("\n") } })} />
        </label>
      ) : null}
      {values?.kind === "field" ? (
        <>
          <label className="field">
            Data set
            <select value={values.dataset} onChange={(event) => onChange({ values: { ...values, dataset: event.target.value } })}>
              {[...new Set([values.dataset, ...datasets])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label className="field">
            Field
            <input type="text" className="mono" required maxLength={200} value={values.field} onChange={(event) => onChange({ values: { ...values, field: event.target.value } })} />
          </label>
        </>
      ) : null}
      <label className="field">
        Default
        <input
          type="text"
          className="mono"
          placeholder={values ? "the first, or all" : EXAMPLES[variable.type]}
          value={variable.default === null ? "" : String(variable.default)}
          onChange={(event) => onChange({ default: event.target.value || null })}
        />
      </label>
      <button type="button" className="button quiet icon" aria-label={`Remove the variable ${variable.name}`} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </div>
  );
}
