// "Add to dashboard" in Discover: the question becomes a panel.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import { asProblem, type Problem } from "../core/problem.ts";
import { currentUrl, navigate } from "../core/url.ts";
import { toast } from "../core/toast.ts";
import { givenOf, parametersOf } from "../discover/parameters.ts";
import { boardHref, listBoards, makeBoard, readBoard, saveBoard } from "./api.ts";
import { EMPTY_BOARD, newPanel, parametersFrom, type Picture, PICTURES, pictureOf, type Summary } from "./model.ts";
import { Refused } from "./refused.tsx";

export function AddToBoard({ text, sql }: { text: string; sql: boolean }): React.ReactElement | null {
  const [open, setOpen] = React.useState(false);
  if (sql) return null;
  return (
    <>
      <button type="button" className="button quiet small" title="Add to a dashboard" onClick={() => setOpen(true)}>
        <Icon name="plus" />
        Dashboard
      </button>
      {open ? <AddDialog text={text} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function AddDialog({ text, onClose }: { text: string; onClose: () => void }): React.ReactElement {
  const [boards, setBoards] = React.useState<Summary[] | null>(null);
  const [target, setTarget] = React.useState("new");
  const [name, setName] = React.useState("");
  const [title, setTitle] = React.useState("");
  const [picture, setPicture] = React.useState<Picture>(() => pictureOf(text));
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const form = React.useId();
  React.useEffect(() => {
    const controller = new AbortController();
    listBoards("", false, null, controller.signal).then(
      ({ items }) => {
        const mine = items.filter((one) => one.may_change);
        setBoards(mine);
        if (mine[0]) setTarget(String(mine[0].id));
      },
      (error: unknown) => controller.signal.aborted || setProblem(asProblem(error)),
    );
    return () => controller.abort();
  }, []);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const before = target === "new" ? null : await readBoard(target);
      const panels = before?.content.panels ?? [];
      const parameters = parametersFrom(givenOf(currentUrl().state.page), parametersOf(text));
      const content = { ...(before?.content ?? EMPTY_BOARD), panels: [...panels, { ...newPanel(panels, picture, text, title.trim()), parameters }] };
      const made = before ? await saveBoard(before, { content }) : await makeBoard({ name: name.trim(), content });
      onClose();
      toast(`It is on “${made.name}” now.`);
      if (!before) navigate(boardHref(made.id));
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
      <button type="submit" form={form} className="button primary" disabled={busy || boards === null}>
        Add
      </button>
    </>
  );
  return (
    <Dialog title="Add to a dashboard" open onClose={onClose} footer={footer}>
      <form id={form} className="board-settings" onSubmit={(event) => void submit(event)}>
        <Refused problem={problem} />
        <label className="field">
          Dashboard
          <select value={target} aria-busy={boards === null} onChange={(event) => setTarget(event.target.value)}>
            {(boards ?? []).map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
            <option value="new">A new one</option>
          </select>
        </label>
        {target === "new" ? (
          <label className="field">
            Its name
            <input type="text" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          </label>
        ) : null}
        <label className="field">
          Title of the panel
          <input type="text" maxLength={200} autoFocus value={title} onChange={(event) => setTitle(event.target.value)} />
        </label>
        <label className="field">
          Picture
          <select value={picture} onChange={(event) => setPicture(event.target.value as Picture)}>
            {PICTURES.map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <pre className="saved-text mono">{text}</pre>
      </form>
    </Dialog>
  );
}
