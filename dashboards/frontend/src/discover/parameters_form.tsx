// Values for the parameters of the question; the address keeps them.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { type Declared, EXAMPLES, type Given, type ParameterType, TYPES } from "./parameters.ts";

interface Props {
  names: readonly string[];
  given: Readonly<Record<string, Given>>;
  /** Declarations of the saved query, which fix types. */
  declared: readonly Declared[];
  onGive: (given: Record<string, Given>) => void;
}

export function ParametersForm({ names, given, declared, onGive }: Props): React.ReactElement | null {
  const known = new Map(declared.map((one) => [one.name, one]));
  const first = () =>
    Object.fromEntries(names.map((name) => [name, given[name] ?? { type: known.get(name)?.type ?? "string", value: "" }]));
  const [draft, setDraft] = React.useState<Record<string, Given>>(first);
  const key = JSON.stringify([names, given, declared.map((one) => [one.name, one.type])]);
  React.useEffect(() => setDraft(first()), [key]);
  if (!names.length) return null;
  const change = (name: string, part: Partial<Given>) =>
    setDraft({ ...draft, [name]: { ...(draft[name] ?? { type: "string", value: "" }), ...part } });
  return (
    <form
      className="parameters"
      aria-label="Parameters"
      onSubmit={(event) => {
        event.preventDefault();
        onGive(draft);
      }}
    >
      {names.map((name) => {
        const { type, value } = draft[name] ?? { type: "string" as const, value: "" };
        const words = known.get(name)?.description;
        return (
          <label key={name} title={words || EXAMPLES[type]}>
            <code>${name}</code>
            {known.has(name) ? null : (
              <select
                aria-label={`Type of $${name}`}
                value={type}
                onChange={(event) => change(name, { type: event.target.value as ParameterType })}
              >
                {TYPES.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
            <input
              type="text"
              aria-label={`$${name}`}
              placeholder={EXAMPLES[type]}
              value={value}
              onChange={(event) => change(name, { value: event.target.value })}
            />
          </label>
        );
      })}
      <button type="submit" className="button small">
        <Icon name="play" />
        Use these values
      </button>
    </form>
  );
}
