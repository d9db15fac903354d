// The dialog that saves the question: its name, who may read it, the types of its parameters.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { asProblem, type Problem } from "../core/problem.ts";
import { toast } from "../core/toast.ts";
import { type Declared, EXAMPLES, type Given, type ParameterType, parametersOf, TYPES } from "./parameters.ts";
import { type Draft, type Language, type SavedQuery, sharings } from "./saved.ts";
import { saveNew, saveVersion, sharingsFor } from "./saved_api.ts";

interface Props {
  open: boolean;
  text: string;
  language: Language;
  given: Readonly<Record<string, Given>>;
  /** The saved query that gets a new version; null to save a new one. */
  before: SavedQuery | null;
  /** What the name begins with when a new one is saved from another. */
  like: SavedQuery | null;
  onClose: () => void;
  onSaved: (saved: SavedQuery) => void;
}

export function SaveDialog(props: Props): React.ReactElement | null {
  return props.open ? <Opened {...props} /> : null;
}

function firstDraft({ text, language, given, before, like }: Props): Draft {
  const from = before ?? like;
  const known = new Map(from?.parameters.map((one) => [one.name, one]));
  const parameters: Declared[] =
    language === "sql"
      ? []
      : parametersOf(text).map(
          (name) =>
            known.get(name) ?? { name, type: given[name]?.type ?? "string", default: given[name]?.value ?? null, description: "" },
        );
  return {
    name: before?.name ?? (like ? `${like.name} (copy)` : ""),
    description: from?.description ?? "",
    kind: from?.kind ?? "query",
    sharing: before?.sharing ?? "private",
    language,
    text,
    parameters,
  };
}

function Opened(props: Props): React.ReactElement {
  const { before } = props;
  const [draft, setDraft] = React.useState(() => firstDraft(props));
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const form = React.useId();
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const saved = await (before ? saveVersion(before, draft) : saveNew(draft));
      toast(`“${saved.name}” is saved, version ${saved.version}.`);
      props.onSaved(saved);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <button type="button" className="button" onClick={props.onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button primary" disabled={busy}>
        {before ? `Save version ${before.newest + 1}` : "Save"}
      </button>
    </>
  );
  return (
    <Dialog title={before ? "Save a new version" : "Save the query"} open onClose={props.onClose} footer={footer}>
      <form id={form} className="save-form" onSubmit={(event) => void submit(event)}>
        {problem ? (
          <div className="problem" role="alert">
            <strong>{problem.message}</strong>
            {problem.hint ? <span>{problem.hint}</span> : null}
            <code>{problem.code}</code>
          </div>
        ) : null}
        <label className="field">
          Name
          <input type="text" value={draft.name} maxLength={200} required autoFocus onChange={(event) => change({ name: event.target.value })} />
        </label>
        <label className="field">
          What it is for
          <textarea rows={2} value={draft.description} maxLength={2000} onChange={(event) => change({ description: event.target.value })} />
        </label>
        <pre className="saved-text mono">{draft.text}</pre>
        <ParameterTypes parameters={draft.parameters} onChange={(parameters) => change({ parameters })} />
        <ShareWith sharing={draft.sharing} onChange={(sharing) => change({ sharing })} />
        {draft.language === "discover" ? (
          <label className="check">
            <input
              type="checkbox"
              checked={draft.kind === "filter"}
              onChange={(event) => change({ kind: event.target.checked ? "filter" : "query" })}
            />
            A filter: in other searches <code>saved:"{draft.name || "its name"}"</code> stands for it
          </label>
        ) : null}
      </form>
    </Dialog>
  );
}

/** Who may read and run it; the teams come from the server a moment later. */
function ShareWith(props: { sharing: string; onChange: (sharing: string) => void }): React.ReactElement {
  const [first] = React.useState(props.sharing);
  const [places, setPlaces] = React.useState(() => sharings({ roles: [] }, [], first));
  React.useEffect(() => {
    const controller = new AbortController();
    // Without the teams one shares with everybody or nobody.
    sharingsFor(first, controller.signal).then(setPlaces, () => undefined);
    return () => controller.abort();
  }, [first]);
  return (
    <label className="field">
      Who may read and run it
      <select value={props.sharing} onChange={(event) => props.onChange(event.target.value)}>
        {places.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function ParameterTypes(props: { parameters: Declared[]; onChange: (parameters: Declared[]) => void }): React.ReactElement | null {
  if (!props.parameters.length) return null;
  const change = (name: string, part: Partial<Declared>) =>
    props.onChange(props.parameters.map((one) => (one.name === name ? { ...one, ...part } : one)));
  return (
    <fieldset className="parameter-types">
      <legend>Parameters</legend>
      {props.parameters.map(({ name, type, default: value }) => (
        <div key={name} className="parameter-type">
          <code>${name}</code>
          <select
            aria-label={`Type of $${name}`}
            value={type}
            onChange={(event) => change(name, { type: event.target.value as ParameterType })}
          >
            {TYPES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          <input
            type="text"
            aria-label={`Default of $${name}`}
            placeholder={`no default, or ${EXAMPLES[type]}`}
            value={value === null ? "" : String(value)}
            onChange={(event) => change(name, { default: event.target.value === "" ? null : event.target.value })}
          />
        </div>
      ))}
    </fieldset>
  );
}
