// Questions about changes that are not saved: somebody else was faster, or one is about to leave.
import * as React from "react";
import { Dialog } from "../core/dialog.tsx";
import { asProblem } from "../core/problem.ts";
import { ago } from "../core/time.ts";
import { announceProblem } from "../core/toast.ts";
import { readBoard } from "./api.ts";
import type { Dashboard } from "./model.ts";
import type { Editing } from "./page.tsx";

export function Conflict({ board, editing }: { board: Dashboard; editing: Editing }): React.ReactElement {
  const [theirs, setTheirs] = React.useState<Dashboard | null>(null);
  React.useEffect(() => {
    const controller = new AbortController();
    readBoard(board.id, controller.signal).then(setTheirs, (error: unknown) => controller.signal.aborted || announceProblem(asProblem(error)));
    return () => controller.abort();
  }, [board.id]);
  const footer = (
    <>
      <button type="button" className="button" onClick={editing.closeConflict}>
        Go on editing
      </button>
      <button type="button" className="button" onClick={editing.copy}>
        Save mine as a copy
      </button>
      <button type="button" className="button" disabled={!theirs} onClick={() => theirs && editing.theirs(theirs)}>
        Take theirs
      </button>
      <button type="button" className="button primary" disabled={!theirs} onClick={() => theirs && editing.save(theirs)}>
        Save mine over it
      </button>
    </>
  );
  return (
    <Dialog title="Somebody else changed it meanwhile" open onClose={editing.closeConflict} footer={footer}>
      <p>
        {theirs ? (
          <>
            {theirs.author.replace(/^user:/, "")} saved version {theirs.version} {ago(theirs.changed_at)} ago; you began with version {board.version}.
          </>
        ) : (
          "Their version is on its way."
        )}
      </p>
      <p className="muted">Nothing is lost: every version stays, and can be restored from the menu of the dashboard.</p>
    </Dialog>
  );
}

/** One goes elsewhere with changes that are not saved. */
export function Leaving({ editing }: { editing: Editing }): React.ReactElement {
  const footer = (
    <>
      <button type="button" className="button" onClick={editing.leave}>
        Leave without saving
      </button>
      <button type="button" className="button primary" onClick={editing.stay}>
        Stay
      </button>
    </>
  );
  return (
    <Dialog title="The changes are not saved" open onClose={editing.stay} footer={footer}>
      <p>Save the dashboard first, or leave and lose what you changed.</p>
    </Dialog>
  );
}
