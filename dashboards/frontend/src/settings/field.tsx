// One field of a form with its label, hint and error.
import * as React from "react";
import type { FieldSpec } from "./form_model.ts";

interface Props {
  field: FieldSpec;
  value: string | string[];
  error: string;
  /** The label is for screen readers only: a form in a table's cell. */
  bare?: boolean;
  onChange: (value: string | string[]) => void;
}

export function FormField(props: Props): React.ReactElement {
  const { field } = props;
  if (field.kind === "hidden") return <HiddenField {...props} />;
  return field.kind === "checks" ? <Checks {...props} /> : <Single {...props} />;
}

/** In the form for password managers, out of everybody's sight. */
function HiddenField({ field, value }: Props): React.ReactElement {
  return (
    <label className="visually-hidden">
      {field.label}
      <input type="text" name={field.name} autoComplete={field.autocomplete} value={String(value)} readOnly tabIndex={-1} />
    </label>
  );
}

function Single({ field, value, error, bare = false, onChange }: Props): React.ReactElement {
  const id = React.useId();
  const described = [field.hint && !bare ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  const shared = {
    id,
    name: field.name,
    value: String(value),
    required: field.required,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": described || undefined,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) =>
      onChange(event.target.value),
  };
  return (
    <div className="set-field" data-field={field.name}>
      <label htmlFor={id} className={bare ? "visually-hidden" : ""}>
        {field.label}
      </label>
      <Control field={field} shared={shared} />
      {field.hint && !bare ? (
        <p className="hint" id={`${id}-hint`}>
          {field.hint}
        </p>
      ) : null}
      <FieldError id={`${id}-error`} error={error} />
    </div>
  );
}

function Control({ field, shared }: { field: FieldSpec; shared: Record<string, unknown> }): React.ReactElement {
  if (field.kind === "select" || field.kind === "expiry") {
    return (
      <select {...shared}>
        {field.choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === "prefixes") return <textarea {...shared} rows={3} spellCheck={false} maxLength={field.maxLength} />;
  const type = field.kind === "email" || field.kind === "password" ? field.kind : "text";
  return (
    <input
      {...shared}
      type={type}
      inputMode={field.kind === "number" ? "numeric" : undefined}
      autoComplete={field.autocomplete}
      placeholder={field.placeholder}
      maxLength={field.maxLength}
      spellCheck={false}
    />
  );
}

function Checks({ field, value, error, onChange }: Props): React.ReactElement {
  const id = React.useId();
  const chosen = new Set(Array.isArray(value) ? value : []);
  const toggle = (name: string, on: boolean) =>
    onChange(field.choices.map((choice) => choice.value).filter((each) => (each === name ? on : chosen.has(each))));
  return (
    <fieldset className="set-field set-checks-field" data-field={field.name} aria-describedby={error ? `${id}-error` : undefined}>
      <legend>{field.label}</legend>
      {field.hint ? <p className="hint">{field.hint}</p> : null}
      <div className={field.choices.some((choice) => choice.hint) ? "set-check-list" : "set-check-list set-check-row"}>
        {field.choices.map((choice) => (
          <label key={choice.value} className="set-check-item">
            <input
              type="checkbox"
              name={field.name}
              value={choice.value}
              checked={chosen.has(choice.value)}
              onChange={(event) => toggle(choice.value, event.target.checked)}
            />
            <span>
              <code>{choice.label}</code>
              {choice.hint ? <span className="hint">{choice.hint}</span> : null}
            </span>
          </label>
        ))}
      </div>
      <FieldError id={`${id}-error`} error={error} />
    </fieldset>
  );
}

function FieldError({ id, error }: { id: string; error: string }): React.ReactElement | null {
  return error ? (
    <p className="set-error" id={id}>
      {error}
    </p>
  ) : null;
}

/** What was refused and belongs to no single field. */
export function FormProblem({ text, hint, code }: { text: string; hint: string; code: string }): React.ReactElement {
  return (
    <div className="set-problem" role="alert">
      <p>{text}</p>
      {hint ? <p className="set-dim">{hint}</p> : null}
      <code>{code}</code>
    </div>
  );
}
