// Choosing who works on issues: oneself, people, teams, nobody.
import * as React from "react";

import { get } from "../core/api.ts";
import { asProblem, isAbort } from "../core/problem.ts";
import { Who } from "./marks.tsx";
import { assigneeName, type Candidate } from "./model.ts";

interface PickerProps {
  /** An issue whose project decides who may be chosen. */
  issue: string;
  me: string;
  /** Candidates when they are known already. */
  known?: readonly Candidate[];
  choose: (assignee: string) => void;
  close: () => void;
}

/** A small dialog: type to narrow, arrows and Enter to choose, Escape to leave. */
export function AssignPicker({ issue, me, known, choose, close }: PickerProps): React.ReactElement {
  const dialog = React.useRef<HTMLDialogElement>(null);
  const [found, setFound] = React.useState<readonly Candidate[] | null>(known ?? null);
  const [failed, setFailed] = React.useState("");
  const [text, setText] = React.useState("");
  const [at, setAt] = React.useState(0);
  React.useEffect(() => dialog.current?.showModal(), []);
  React.useEffect(() => {
    if (known) return undefined;
    const controller = new AbortController();
    get<{ possible_assignees?: Candidate[] }>(`issues/${encodeURIComponent(issue)}`, { signal: controller.signal })
      .then((document) => setFound(document.possible_assignees ?? []))
      .catch((error: unknown) => {
        if (!isAbort(error)) setFailed(asProblem(error).message);
      });
    return () => controller.abort();
  }, [issue, known]);

  const options = candidates(found ?? [], me, text);
  const pick = (assignee: string): void => {
    close();
    choose(assignee);
  };
  const keys = (event: React.KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt((n) => Math.min(options.length - 1, n + 1));
    else if (event.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
    else if (event.key === "Enter" && options[at]) pick(options[at].assignee);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="dialog assign-dialog" aria-label="Assign to" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div className="assign-search">
        <input
          type="search"
          role="combobox"
          aria-expanded="true"
          aria-controls="assign-options"
          aria-activedescendant={options[at] ? `assign-${at}` : undefined}
          aria-label="Find a person or a team"
          placeholder="Assign to…"
          autoFocus
          value={text}
          onKeyDown={keys}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
        />
      </div>
      <ul id="assign-options" role="listbox" aria-label="People and teams" className="assign-options">
        {options.map(({ assignee, name }, i) => (
          <li key={assignee} id={`assign-${i}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => pick(assignee)}>
            <Who assignee={assignee} /> <bdi>{name}</bdi>
          </li>
        ))}
      </ul>
      {failed ? <p className="assign-note" role="alert">{failed}</p> : null}
      {found === null && !failed ? <div className="assign-note skeleton" /> : null}
      {found !== null && options.length === 0 ? <p className="assign-note">Nobody is called that.</p> : null}
    </dialog>
  );
}

/** Oneself first, then nobody, then the others by name; narrowed by what was typed. */
function candidates(found: readonly Candidate[], me: string, text: string): Candidate[] {
  const wanted = text.trim().toLowerCase();
  const others = found.filter(({ assignee }) => assignee !== me).sort((a, b) => a.name.localeCompare(b.name));
  const self = me.startsWith("user:") ? [{ assignee: me, name: `Me (${assigneeName(me)})` }] : [];
  return [...self, { assignee: "", name: "Nobody" }, ...others].filter(
    ({ assignee, name }) => wanted === "" || name.toLowerCase().includes(wanted) || assignee.toLowerCase().includes(wanted),
  );
}
