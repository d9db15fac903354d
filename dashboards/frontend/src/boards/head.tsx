// The head of a dashboard: its name, its star, and what can be done with it.
import * as React from "react";
import { useKeyTitle } from "../core/keys.ts";
import { write } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem } from "../core/problem.ts";
import { ago } from "../core/time.ts";
import { announceProblem, toast } from "../core/toast.ts";
import { navigate } from "../core/url.ts";
import { sharedWith } from "../discover/saved.ts";
import { boardHref, bringBack, deleteBoard, download, type Draft, exportBoard, makeBoard, restoreVersion, starBoard, versionsOf } from "./api.ts";
import type { Dashboard, Summary } from "./model.ts";
import type { Editing } from "./page.tsx";

interface Props {
  board: Dashboard;
  draft: Draft;
  editing: Editing;
  onAgain: () => void;
  onAdd: () => void;
  onSettings: () => void;
  onBoard: (board: Dashboard) => void;
}

export function BoardHead(props: Props): React.ReactElement {
  const { board, draft, editing, onBoard } = props;
  const toggleStar = async () => {
    onBoard({ ...board, starred: !board.starred });
    if (!(await write(() => starBoard(board.id, !board.starred)))) onBoard(board);
  };
  const shared = sharedWith(draft.sharing);
  return (
    <header className="board-head">
      <h1 className="truncate" title={draft.description || draft.name}>
        <bdi>{draft.name}</bdi>
      </h1>
      <button type="button" className="button quiet icon" aria-pressed={board.starred} aria-label={board.starred ? "Take the star away" : "Star this dashboard"} onClick={() => void toggleStar()}>
        <Icon name="star" />
      </button>
      {shared ? <span className="badge">{shared}</span> : null}
      {editing.dirty ? <span className="badge warn">not saved</span> : null}
      <span className="spacer" />
      {editing.editing ? <EditTools {...props} /> : <ViewTools {...props} />}
    </header>
  );
}

function EditTools({ editing, onAdd, onSettings }: Props): React.ReactElement {
  return (
    <div className="board-tools" role="group" aria-label="Edit">
      <button type="button" className="button small" onClick={onAdd}>
        <Icon name="plus" />
        Add a panel
      </button>
      <button type="button" className="button small" onClick={onSettings}>
        <Icon name="settings" />
        Settings
      </button>
      <button type="button" className="button quiet small" disabled={!editing.canUndo} onClick={editing.undo}>
        Undo
      </button>
      <button type="button" className="button quiet small" disabled={!editing.canRedo} onClick={editing.redo}>
        Redo
      </button>
      <button type="button" className="button small" onClick={editing.discard}>
        {editing.dirty ? "Discard" : "Stop editing"}
      </button>
      <button type="button" className="button primary small" disabled={editing.saving || !editing.dirty} onClick={() => editing.save()}>
        {editing.saving ? "Saving" : "Save"}
      </button>
    </div>
  );
}

function ViewTools({ board, editing, onAgain, onBoard }: Props): React.ReactElement {
  const keyed = useKeyTitle();
  return (
    <div className="board-tools">
      <button type="button" className="button quiet small" onClick={onAgain} title={keyed("Look at the data again", "Dashboard", "r")}>
        Refresh
      </button>
      {board.may_change ? (
        <button type="button" className="button small" onClick={editing.edit}>
          Edit
        </button>
      ) : null}
      <Menu label={<Icon name="more" />} name="More of this dashboard" className="button quiet small icon" align="end">
        {(close) => <MoreMenu board={board} close={close} />}
      </Menu>
      <Versions board={board} onBoard={onBoard} />
    </div>
  );
}

function MoreMenu({ board, close }: { board: Dashboard; close: () => void }): React.ReactElement {
  const act = (what: () => Promise<unknown>) => () => {
    close();
    what().catch((error: unknown) => announceProblem(asProblem(error)));
  };
  return (
    <>
      <button type="button" role="menuitem" onClick={act(() => duplicate(board))}>
        <Icon name="copy" />
        Duplicate
      </button>
      <button type="button" role="menuitem" onClick={act(() => save(board))}>
        <Icon name="download" />
        Export as JSON
      </button>
      {board.may_change ? (
        <button type="button" role="menuitem" onClick={act(() => drop(board, () => navigate(boardHref(board.id))).then(() => navigate("/app/dashboards")))}>
          <Icon name="close" />
          Delete
        </button>
      ) : null}
    </>
  );
}

async function duplicate(board: Dashboard): Promise<void> {
  const { description, content } = board;
  const made = await makeBoard({ name: `${board.name.slice(0, 190)} (copy)`, description, content, sharing: "private" });
  toast(`“${made.name}” is yours.`);
  navigate(boardHref(made.id));
}

async function save(board: Pick<Dashboard, "id" | "name">): Promise<void> {
  const file = await exportBoard(board.id);
  download(file.name, `${JSON.stringify(file, null, 2)}\n`);
}

/** Delete one; the toast brings it back. */
export async function drop(board: Pick<Dashboard, "id" | "name">, onBack: () => void): Promise<void> {
  await deleteBoard(board.id);
  toast(`“${board.name}” is deleted.`, { undo: () => void write(() => bringBack(board.id), { done: "It is back." }).then((back) => back && onBack()) });
}

function Versions({ board, onBoard }: { board: Dashboard; onBoard: (board: Dashboard) => void }): React.ReactElement {
  const [listed, setListed] = React.useState<Summary[] | null>(null);
  const open = () => {
    setListed(null);
    versionsOf(board.id).then(({ items }) => setListed(items), (error: unknown) => announceProblem(asProblem(error)));
  };
  const back = async (version: number, close: () => void) => {
    close();
    const made = await write(() => restoreVersion(board, version), { done: `Version ${version} is back, as version ${board.newest + 1}.` });
    if (made) onBoard({ ...made, starred: board.starred });
  };
  return (
    <Menu label={`Version ${board.version}`} name={`Version ${board.version} and others`} className="button quiet small" align="end" onOpen={open}>
      {(close) =>
        listed === null ? (
          <div className="skeleton saved-skeleton" />
        ) : (
          listed.map((one) => (
            <button key={one.version} type="button" role="menuitem" disabled={one.version === board.version || !board.may_change} onClick={() => void back(one.version, close)}>
              {one.version === board.version ? <Icon name="check" /> : <Icon name="clock" />}
              <span>
                Version {one.version}
                <span className="muted">
                  {" "}
                  {one.panels} panels, {one.author.replace(/^user:/, "")}, {ago(one.changed_at)}
                </span>
              </span>
            </button>
          ))
        )
      }
    </Menu>
  );
}
