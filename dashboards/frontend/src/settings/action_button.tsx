// A button that sends one request; destructive ones ask first, the worst want a word typed.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import type { Problem } from "../core/problem.ts";
import { announceProblem } from "../core/toast.ts";
import { FormProblem } from "./field.tsx";
import { OnceDialog } from "./once.tsx";
import { refreshPage } from "../core/refresh.ts";
import { isOvertaken, type Once, send } from "./send.ts";

interface Confirm {
  title: string;
  text: string;
  button: string;
  typed: string;
}

interface Props {
  method: string;
  path: string;
  body?: unknown;
  label: string;
  name?: string;
  look?: "quiet" | "danger" | "icon";
  confirm?: Confirm | null;
  once?: Once | null;
  done?: string | null;
  version?: number | null;
  go?: string | null;
}

export function ActionButton(props: Props): React.ReactElement {
  const { confirm, once, look = "quiet" } = props;
  const [asking, setAsking] = React.useState(false);
  const [busy, setBusy] = React.useState(false);
  const [secret, setSecret] = React.useState("");
  const [problem, setProblem] = React.useState<Problem | null>(null);

  const run = async () => {
    setBusy(true);
    setProblem(null);
    const sent = await send(props.method, props.path, props.body, props.version, props);
    setBusy(false);
    if (sent.problem) {
      if (confirm) setProblem(sent.problem);
      else announceProblem(sent.problem);
      return;
    }
    setAsking(false);
    setSecret(sent.secret);
  };
  const press = () => {
    setProblem(null);
    if (confirm) setAsking(true);
    else void run();
  };
  const closeQuestion = () => {
    setAsking(false);
    if (isOvertaken(problem)) refreshPage();
  };
  const closeSecret = () => {
    setSecret("");
    refreshPage();
  };
  return (
    <>
      <button
        type="button"
        className={`button ${look === "icon" ? "quiet icon" : look === "danger" ? "danger" : ""}`}
        aria-label={props.name}
        title={look === "icon" ? props.name : undefined}
        disabled={busy}
        onClick={press}
      >
        {look === "icon" ? <Icon name="close" /> : props.label}
      </button>
      {confirm && asking ? (
        <ConfirmDialog confirm={confirm} danger={look !== "quiet"} busy={busy} problem={problem} onYes={() => void run()} onNo={closeQuestion} />
      ) : null}
      {once && secret ? <OnceDialog once={once} secret={secret} onClose={closeSecret} /> : null}
    </>
  );
}

interface ConfirmProps {
  confirm: Confirm;
  danger: boolean;
  busy: boolean;
  problem: Problem | null;
  onYes: () => void;
  onNo: () => void;
}

function ConfirmDialog({ confirm, danger, busy, problem, onYes, onNo }: ConfirmProps): React.ReactElement {
  const [typed, setTyped] = React.useState("");
  const form = React.useId();
  const ready = !confirm.typed || typed.trim() === confirm.typed;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (ready && !busy) onYes();
  };
  const footer = (
    <>
      <button type="button" className="button" onClick={onNo}>
        Cancel
      </button>
      <button type="submit" form={form} className={`button ${danger ? "danger-solid" : "primary"}`} disabled={!ready || busy}>
        {confirm.button}
      </button>
    </>
  );
  return (
    <Dialog title={confirm.title} open onClose={onNo} footer={footer}>
      <form id={form} className="set-form" onSubmit={submit}>
        <p>{confirm.text}</p>
        {confirm.typed ? (
          <label className="field">
            <span>
              Type <code>{confirm.typed}</code> to go on
            </span>
            <input type="text" value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
          </label>
        ) : null}
        {problem ? <FormProblem text={problem.message} hint={problem.hint} code={problem.code} /> : null}
      </form>
    </Dialog>
  );
}
