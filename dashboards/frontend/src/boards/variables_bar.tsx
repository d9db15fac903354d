// The variables above the panels: what is chosen stands in the address.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { changePage } from "../core/url.ts";
import { EXAMPLES } from "../discover/parameters.ts";
import type { Variable } from "./model.ts";
import { type Chosen, isList, type Known, pageOfChoice, valueOf } from "./variables.ts";

interface Props {
  variables: readonly Variable[];
  chosen: Chosen;
  known: Known;
}

export function VariablesBar({ variables, chosen, known }: Props): React.ReactElement | null {
  if (!variables.length) return null;
  return (
    <div className="board-variables" role="group" aria-label="Variables">
      {variables.map((variable) => (
        <VariableChoice key={variable.name} variable={variable} chosen={chosen} known={known} />
      ))}
    </div>
  );
}

function VariableChoice({ variable, chosen, known }: { variable: Variable; chosen: Chosen; known: Known }): React.ReactElement {
  const name = variable.label || `$${variable.name}`;
  const set = (value: string | readonly string[] | null) => changePage(pageOfChoice(variable.name, value));
  const value = valueOf(variable, chosen, known);
  if (isList(variable)) return <SeveralChoice name={name} variable={variable} own={chosen[variable.name]} values={known[variable.name] ?? null} set={set} />;
  if (variable.values === null && variable.type !== "boolean") return <TypedChoice name={name} variable={variable} value={typeof value === "string" ? value : ""} set={set} />;
  const values = variable.values === null ? ["true", "false"] : (known[variable.name] ?? null);
  const shown = typeof value === "string" ? value : "";
  const listed = values?.includes(shown) || shown === "" ? (values ?? []) : [shown, ...(values ?? [])];
  return (
    <label className="board-variable">
      <span>{name}</span>
      <select value={shown} aria-busy={values === null} onChange={(event) => set(event.target.value)}>
        {shown === "" ? <option value="">{values === null ? "…" : values.length ? "choose" : "no values"}</option> : null}
        {listed.map((one) => (
          <option key={one} value={one}>
            {one.slice(0, 120)}
          </option>
        ))}
      </select>
    </label>
  );
}

function TypedChoice({ name, variable, value, set }: { name: string; variable: Variable; value: string; set: (value: string | null) => void }): React.ReactElement {
  const [draft, setDraft] = React.useState(value);
  React.useEffect(() => setDraft(value), [value]);
  const commit = () => {
    if (draft.trim() !== value) set(draft.trim() || null);
  };
  return (
    <form
      className="board-variable"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <label>
        <span>{name}</span>
        <input type="text" value={draft} placeholder={EXAMPLES[variable.type]} onChange={(event) => setDraft(event.target.value)} onBlur={commit} />
      </label>
    </form>
  );
}

interface SeveralProps {
  name: string;
  variable: Variable;
  own: string | readonly string[] | undefined;
  values: readonly string[] | null;
  set: (value: readonly string[] | null) => void;
}

function SeveralChoice({ name, variable, own, values, set }: SeveralProps): React.ReactElement {
  const preset = typeof variable.default === "string" ? variable.default.split(",").map((one) => one.trim()) : (variable.default ?? []);
  const picked = new Set(own === undefined ? preset : [own].flat());
  const [find, setFind] = React.useState("");
  const listed = [...new Set([...picked, ...(values ?? [])])].filter((one) => one.toLowerCase().includes(find.trim().toLowerCase()));
  const shown = picked.size === 0 ? "all" : picked.size === 1 ? [...picked][0]!.slice(0, 40) : `${picked.size} chosen`;
  const toggle = (one: string) => {
    const next = new Set(picked);
    if (!next.delete(one)) next.add(one);
    set(next.size ? [...next] : null);
  };
  return (
    <div className="board-variable">
      <Menu
        label={
          <>
            <span className="muted">{name}</span> <bdi>{shown}</bdi> <Icon name="chevron" />
          </>
        }
        name={`${name}: ${shown}`}
        className="button small"
        kind="dialog"
      >
        {() => (
          <div className="board-choices">
            <input type="search" aria-label={`Find a value of ${name}`} placeholder="Find" value={find} onChange={(event) => setFind(event.target.value)} />
            <button type="button" className="button quiet small" disabled={picked.size === 0} onClick={() => set(null)}>
              All
            </button>
            <ul>
              {listed.slice(0, 200).map((one) => (
                <li key={one}>
                  <label className="check">
                    <input type="checkbox" checked={picked.has(one)} onChange={() => toggle(one)} />
                    <bdi className="truncate">{one.slice(0, 120)}</bdi>
                  </label>
                </li>
              ))}
            </ul>
            {values === null ? <p className="muted">Values are on their way.</p> : listed.length === 0 ? <p className="muted">No value.</p> : null}
          </div>
        )}
      </Menu>
    </div>
  );
}
