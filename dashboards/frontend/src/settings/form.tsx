// Fields and a button that sends them: on the page, on one line, in a table's cell, or in a dialog.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import type { Problem } from "../core/problem.ts";
import { announceProblem } from "../core/toast.ts";
import { draftOf, enter, keepDraft } from "./drafts.ts";
import { FormField, FormProblem } from "./field.tsx";
import { blamed, differ, faults, type FieldSpec, initialValues, requestOf, type Values, withValue } from "./form_model.ts";
import { OnceDialog } from "./once.tsx";
import { refreshPage } from "../core/refresh.ts";
import { isOvertaken, type Once, send } from "./send.ts";

interface Props {
  id?: string | Record<string, unknown>;
  method: string;
  path: string;
  fields: FieldSpec[];
  submit: string;
  version?: number | null;
  done?: string | null;
  once?: Once | null;
  opener?: string | null;
  look?: "primary" | "quiet";
  title?: string | null;
  layout?: "stack" | "line" | "cell";
  keep?: boolean;
  go?: string | null;
  fixed?: Record<string, unknown>;
}

export function Form(props: Props): React.ReactElement {
  const [open, setOpen] = React.useState(false);
  const [secret, setSecret] = React.useState("");
  const once = props.once ?? null;
  const onSent = (given: string) => {
    setOpen(false);
    setSecret(given);
  };
  const onClosed = () => {
    setSecret("");
    refreshPage();
  };
  return (
    <>
      {props.opener ? (
        <>
          <button type="button" className={`button${props.look === "quiet" ? "" : " primary"}`} data-opens={nameOf(props.id)} onClick={() => setOpen(true)}>
            {props.opener}
          </button>
          <Dialog title={props.title ?? props.opener} open={open} onClose={() => setOpen(false)}>
            <FormBody {...props} onSent={onSent} />
          </Dialog>
        </>
      ) : (
        <FormBody {...props} onSent={onSent} />
      )}
      {once && secret ? <OnceDialog once={once} secret={secret} onClose={onClosed} /> : null}
    </>
  );
}

/** The id as a name for tests and styles; ids of rows are objects. */
function nameOf(id: Props["id"]): string {
  return typeof id === "string" ? id : id ? Object.values(id).join("-") : "";
}

function FormBody(props: Props & { onSent: (secret: string) => void }): React.ReactElement {
  const { fields, layout = "stack", keep = false } = props;
  const form = useForm(props);
  const bare = layout === "cell";
  const changed = differ(form.values, form.initial);
  const offered = !keep || changed || form.busy;
  const lone = Object.keys(form.errors).length === 0 && form.problem;
  return (
    <form className={`set-form set-form-${layout}`} data-form={nameOf(props.id)} noValidate ref={form.element} onSubmit={form.submit}>
      {fields.map((field) => (
        <FormField
          key={field.name}
          field={field}
          value={form.values[field.name] ?? ""}
          error={form.errors[field.name] ?? ""}
          bare={bare}
          onChange={(value) => form.change(field.name, value)}
        />
      ))}
      {lone && !bare ? <FormProblem text={lone.message} hint={lone.hint} code={lone.code} /> : null}
      {layout === "stack" || offered ? (
        <div className="set-submit">
          <button type="submit" className={`button${layout === "stack" || keep ? " primary" : ""}`} disabled={form.busy || !offered}>
            {props.submit}
          </button>
          {keep && changed ? (
            <button type="button" className="button quiet" onClick={form.reset}>
              Undo
            </button>
          ) : null}
        </div>
      ) : null}
    </form>
  );
}

interface FormState {
  values: Values;
  initial: Values;
  errors: Record<string, string>;
  problem: Problem | null;
  busy: boolean;
  element: React.RefObject<HTMLFormElement>;
  change: (name: string, value: string | string[]) => void;
  reset: () => void;
  submit: (event: React.FormEvent) => void;
}

function useForm(props: Props & { onSent: (secret: string) => void }): FormState {
  const { fields, keep = false } = props;
  const name = `${window.location.pathname} ${nameOf(props.id)}`;
  const [values, setValues] = React.useState(() => draftOf(name)?.values ?? initialValues(fields));
  const [errors, setErrors] = React.useState<Record<string, string>>({});
  const [problem, setProblem] = React.useState<Problem | null>(() => draftOf(name)?.problem ?? null);
  const [busy, setBusy] = React.useState(false);
  const typed = React.useRef(new Set<string>());
  const element = React.useRef<HTMLFormElement>(null);
  const initial = useFreshValues(fields, values, setValues);
  const touched = differ(values, initial);
  React.useEffect(() => keepDraft(name, touched ? { values, problem } : null), [name, touched, values, problem]);
  React.useEffect(() => enter(name), [name]);

  const clear = () => {
    setErrors({});
    setProblem(null);
    typed.current.clear();
  };
  const refuse = (found: Record<string, string>) => {
    setErrors(found);
    const first = fields.find((field) => found[field.name]);
    const target = first && element.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first.name)}"]`);
    target?.focus();
  };
  const send_ = async () => {
    const missing = faults(fields, values);
    if (Object.keys(missing).length > 0) return refuse(missing);
    clear();
    setBusy(true);
    const { path, body } = requestOf(props.path, fields, values, props.fixed);
    const sent = await send(props.method, path, body, props.version, props);
    setBusy(false);
    if (!sent.problem) {
      if (!keep) setValues(initialValues(fields));
      props.onSent(sent.secret);
      return;
    }
    const found = blamed(sent.problem, fields);
    setProblem(sent.problem);
    refuse(found);
    if (isOvertaken(sent.problem)) {
      keepDraft(name, { values, problem: sent.problem });
      refreshPage();
    }
    if (props.layout === "cell" && Object.keys(found).length === 0) announceProblem(sent.problem);
  };
  return {
    values,
    initial,
    errors,
    problem,
    busy,
    element,
    change: (name, value) => {
      typed.current.add(name);
      setValues(withValue(values, name, value, fields, typed.current));
      if (errors[name]) setErrors({ ...errors, [name]: "" });
    },
    reset: () => {
      clear();
      setValues(initial);
    },
    submit: (event) => {
      event.preventDefault();
      if (!busy) void send_();
    },
  };
}

/** The values the server knows; when they change, what was not touched here changes with them. */
function useFreshValues(fields: FieldSpec[], values: Values, setValues: (values: Values) => void): Values {
  const fresh = initialValues(fields);
  const known = React.useRef(fresh);
  const held = React.useRef(values);
  held.current = values;
  const key = JSON.stringify(fresh);
  React.useEffect(() => {
    if (!differ(held.current, known.current)) setValues(fresh);
    known.current = fresh;
  }, [key]);
  return fresh;
}
