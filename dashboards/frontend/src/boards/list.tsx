// The list of dashboards, and those one can start from.
import * as React from "react";
import { Latest, write } from "../core/api.ts";
import { formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { painted } from "../core/painted.ts";
import { asProblem, type Problem } from "../core/problem.ts";
import { ago } from "../core/time.ts";
import { announceProblem, toast } from "../core/toast.ts";
import { changePage, navigate, useHref, useUrl } from "../core/url.ts";
import { sharedWith } from "../discover/saved.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { boardHref, download, exportBoard, importBoard, listBoards, makeBoard, readStarters, starBoard } from "./api.ts";
import { drop } from "./head.tsx";
import { ImportDialog } from "./import_dialog.tsx";
import type { Starter, Summary } from "./model.ts";

interface Listed {
  items: Summary[];
  next: string | null;
}

/** The page `/app/dashboards`. */
export function BoardList(): React.ReactElement {
  const { state } = useUrl();
  const { find = "", starred = "" } = state.page;
  const { listed, problem, more, replace, again } = useListed(find.trim(), starred === "1");
  const [importing, setImporting] = React.useState(false);
  const filtered = find !== "" || starred === "1";
  React.useEffect(() => {
    if (listed) painted("boards");
  }, [listed]);
  return (
    <section className="boards-page" aria-label="Dashboards" aria-busy={listed === null && !problem}>
      <header className="board-head">
        <h1>Dashboards</h1>
        <input type="search" data-query aria-label="Find a dashboard" placeholder="Find a dashboard" value={find} onChange={(event) => changePage({ find: event.target.value }, { replace: true })} />
        <button type="button" className="button quiet small" aria-pressed={starred === "1"} onClick={() => changePage({ starred: starred === "1" ? "" : "1" })}>
          <Icon name="star" />
          Starred
        </button>
        <span className="spacer" />
        <button type="button" className="button small" onClick={() => setImporting(true)}>
          Import
        </button>
        <button type="button" className="button primary small" onClick={() => void makeNew(listed?.items ?? [])}>
          <Icon name="plus" />
          New dashboard
        </button>
      </header>
      {problem ? <ProblemBox problem={problem} retry={again} /> : null}
      {listed === null && !problem ? <Waiting /> : null}
      {listed && listed.items.length > 0 ? <Table items={listed.items} replace={replace} again={again} /> : null}
      {listed && listed.items.length === 0 ? <Nothing filtered={filtered} /> : null}
      {listed?.next ? (
        <button type="button" className="button" onClick={more}>
          More
        </button>
      ) : null}
      {listed && !filtered ? <Starters first={listed.items.length === 0} /> : null}
      {importing ? <ImportDialog onClose={() => setImporting(false)} /> : null}
    </section>
  );
}

function useListed(find: string, starred: boolean) {
  const [listed, setListed] = React.useState<Listed | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const latest = React.useRef(new Latest());
  const ask = async (cursor: string | null, before: Summary[]) => {
    try {
      const page = await latest.current.run((signal) => listBoards(find, starred, cursor, signal));
      if (!page) return;
      setProblem(null);
      setListed({ items: [...before, ...page.items], next: page.next });
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const again = () => void ask(null, []);
  React.useEffect(again, [find, starred]);
  React.useEffect(() => () => latest.current.cancel(), []);
  const replace = (id: number, changed: Summary | null) =>
    setListed((now) => now && { ...now, items: now.items.flatMap((one) => (one.id !== id ? [one] : changed ? [changed] : [])) });
  return { listed, problem, replace, again, more: () => void ask(listed?.next ?? null, listed?.items ?? []) };
}

async function makeNew(items: readonly Summary[]): Promise<void> {
  const taken = new Set(items.map(({ name }) => name.toLowerCase()));
  let name = "New dashboard";
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `New dashboard ${number}`;
  const made = await write(() => makeBoard({ name }));
  if (made) navigate(`${boardHref(made.id)}?edit=1`);
}

function Waiting(): React.ReactElement {
  return (
    <div className="release-waiting" aria-hidden="true">
      {[1, 2, 3, 4].map((place) => (
        <div key={place} className="skeleton" />
      ))}
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }): React.ReactElement {
  if (filtered) {
    return (
      <div className="empty">
        <h2>No dashboard is called so</h2>
        <button type="button" className="button" onClick={() => changePage({ find: "", starred: "" })}>
          Show all
        </button>
      </div>
    );
  }
  return (
    <div className="empty">
      <h2>No dashboards yet</h2>
      <p>
        A dashboard puts answers of Discover side by side: each panel is a query with a picture, and all of them look at the time and projects of the bar above. Start from one of these, or from an empty
        one.
      </p>
    </div>
  );
}

function Table({ items, replace, again }: { items: readonly Summary[]; replace: (id: number, changed: Summary | null) => void; again: () => void }): React.ReactElement {
  return (
    <div className="boards-scroll" tabIndex={0} role="region" aria-label="Dashboards by name">
      <table className="plain boards-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Star</span>
            </th>
            <th scope="col">Name</th>
            <th scope="col" className="number">
              Panels
            </th>
            <th scope="col">Owner</th>
            <th scope="col">Changed</th>
            <th scope="col">
              <span className="visually-hidden">Menu</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <Row key={one.id} board={one} replace={replace} again={again} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ board, replace, again }: { board: Summary; replace: (id: number, changed: Summary | null) => void; again: () => void }): React.ReactElement {
  const href = useHref();
  const shared = sharedWith(board.sharing);
  const toggleStar = async () => {
    replace(board.id, { ...board, starred: !board.starred });
    if (!(await write(() => starBoard(board.id, !board.starred)))) replace(board.id, board);
  };
  const remove = () =>
    drop(board, again).then(
      () => replace(board.id, null),
      (error: unknown) => announceProblem(asProblem(error)),
    );
  const save = () => exportBoard(board.id).then((file) => download(file.name, `${JSON.stringify(file, null, 2)}\n`), (error: unknown) => announceProblem(asProblem(error)));
  return (
    <tr data-testid="board-row">
      <td>
        <button type="button" className="button quiet icon" aria-pressed={board.starred} aria-label={`${board.starred ? "Take the star from" : "Star"} ${board.name}`} onClick={() => void toggleStar()}>
          <Icon name="star" />
        </button>
      </td>
      <th scope="row">
        <a href={href(boardHref(board.id))}>
          <bdi>{board.name}</bdi>
        </a>{" "}
        {shared ? <span className="badge">{shared}</span> : null}
        {board.description ? (
          <div className="muted truncate" title={board.description}>
            {board.description.slice(0, 300)}
          </div>
        ) : null}
      </th>
      <td className="number">{formatNumber(board.panels)}</td>
      <td className="truncate">{board.own ? "you" : board.owner || "–"}</td>
      <td>{ago(board.changed_at)}</td>
      <td>
        <Menu label={<Icon name="more" />} name={`Menu of ${board.name.slice(0, 100)}`} className="button quiet small icon" align="end">
          {(close) => (
            <>
              <button type="button" role="menuitem" onClick={() => (close(), void save())}>
                <Icon name="download" />
                Export as JSON
              </button>
              {board.may_change ? (
                <button type="button" role="menuitem" onClick={() => (close(), void remove())}>
                  <Icon name="close" />
                  Delete
                </button>
              ) : null}
            </>
          )}
        </Menu>
      </td>
    </tr>
  );
}

function Starters({ first }: { first: boolean }): React.ReactElement | null {
  const [items, setItems] = React.useState<Starter[]>([]);
  React.useEffect(() => {
    const controller = new AbortController();
    readStarters(controller.signal).then((found) => setItems(found.items), () => undefined);
    return () => controller.abort();
  }, []);
  const take = async ({ file }: Starter) => {
    try {
      const made = await importBoard(file);
      toast(`“${made.name}” is yours to change.`);
      navigate(boardHref(made.id));
    } catch (error) {
      const problem = asProblem(error);
      // One has it already: a second one gets another name.
      if (problem.code !== "name-taken") return announceProblem(problem);
      const made = await write(() => importBoard(file, `${file.name} (${new Date().toISOString().slice(0, 16).replace("T", " ")})`));
      if (made) navigate(boardHref(made.id));
    }
  };
  if (!items.length) return null;
  return (
    <section className="board-starters" aria-labelledby="board-starters">
      <h2 id="board-starters">{first ? "Start from one of these" : "Start another one"}</h2>
      <ul>
        {items.map((one) => (
          <li key={one.key}>
            <button type="button" onClick={() => void take(one)}>
              <strong>{one.file.name}</strong>
              <span>{one.file.description}</span>
              <span className="muted">{one.file.panels.length} panels</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
