// The dialog that reads an exported dashboard: a file, or its text.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { asProblem, Problem } from "../core/problem.ts";
import { navigate } from "../core/url.ts";
import { toast } from "../core/toast.ts";
import { boardHref, importBoard } from "./api.ts";
import { Refused } from "./refused.tsx";

export function ImportDialog({ onClose }: { onClose: () => void }): React.ReactElement {
  const [text, setText] = React.useState("");
  const [name, setName] = React.useState("");
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const form = React.useId();
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setProblem(null);
    setBusy(true);
    try {
      const made = await importBoard(parsed(text), name.trim() || undefined);
      toast(`“${made.name}” is imported.`);
      onClose();
      navigate(boardHref(made.id));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const footer = (
    <>
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button primary" disabled={busy || text.trim() === ""}>
        Import
      </button>
    </>
  );
  return (
    <Dialog title="Import a dashboard" open onClose={onClose} footer={footer}>
      <form id={form} className="board-settings" onSubmit={(event) => void submit(event)}>
        <Refused problem={problem} />
        <label className="field">
          A file that “Export as JSON” has written
          <input type="file" accept="application/json,.json" onChange={(event) => void event.target.files?.[0]?.text().then(setText)} />
        </label>
        <label className="field">
          Or its text
          <textarea className="mono" rows={8} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <label className="field">
          Name, if not the file's
          <input type="text" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
      </form>
    </Dialog>
  );
}

function parsed(text: string): unknown {
  try {
    const found: unknown = JSON.parse(text);
    if (found !== null && typeof found === "object" && (found as Record<string, unknown>).format === "amber-dashboard") return found;
  } catch (error) {
    throw new Problem({ detail: "This is no JSON.", code: "json-invalid", hint: error instanceof Error ? error.message : "" });
  }
  throw new Problem({ detail: "This is no exported dashboard of Amber.", code: "dashboard-invalid", hint: 'Its member "format" says "amber-dashboard".' });
}
