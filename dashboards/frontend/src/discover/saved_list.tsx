// The list of saved queries: search, stars, open, delete.
import * as React from "react";
import { Latest, write } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { asProblem, type Problem } from "../core/problem.ts";
import { ago } from "../core/time.ts";
import { type SavedQuery, sharedWith } from "./saved.ts";
import { deleteSaved, listSaved, star } from "./saved_api.ts";

interface Listed {
  items: SavedQuery[];
  next: string | null;
}

export function SavedList({ onOpen }: { onOpen: (saved: SavedQuery) => void }): React.ReactElement {
  const [search, setSearch] = React.useState("");
  const [starred, setStarred] = React.useState(false);
  const { listed, problem, more, replace } = useListed(search, starred);
  return (
    <div className="saved-list" data-testid="saved-list">
      <div className="saved-search">
        <input
          type="search"
          placeholder="Find a saved query"
          aria-label="Find a saved query"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <button
          type="button"
          className="button quiet icon"
          aria-pressed={starred}
          title="Only starred ones"
          aria-label="Only starred ones"
          onClick={() => setStarred(!starred)}
        >
          <Icon name="star" />
        </button>
      </div>
      {problem ? (
        <div className="problem" role="alert">
          <strong>{problem.message}</strong>
          <span>{problem.hint}</span>
          <code>{problem.code}</code>
        </div>
      ) : !listed ? (
        <div className="skeleton saved-skeleton" />
      ) : listed.items.length ? (
        <ul>
          {listed.items.map((saved) => (
            <SavedItem key={saved.id} saved={saved} onOpen={onOpen} onChange={replace} />
          ))}
        </ul>
      ) : (
        <p className="saved-none muted">
          {search || starred ? "No saved query is called so." : "Nothing is saved yet. Save gives the question a name."}
        </p>
      )}
      {listed?.next ? (
        <button type="button" className="button quiet small" onClick={more}>
          More
        </button>
      ) : null}
    </div>
  );
}

function useListed(search: string, starred: boolean) {
  const [listed, setListed] = React.useState<Listed | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const latest = React.useRef(new Latest());
  const ask = async (cursor: string | null, before: SavedQuery[]) => {
    try {
      const page = await latest.current.run((signal) => listSaved(search.trim(), starred, cursor, signal));
      if (!page) return;
      setProblem(null);
      setListed({ items: [...before, ...page.items], next: page.next });
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  React.useEffect(() => void ask(null, []), [search, starred]);
  React.useEffect(() => () => latest.current.cancel(), []);
  const replace = (id: number, changed: SavedQuery | null) =>
    setListed((now) => now && { ...now, items: now.items.flatMap((one) => (one.id !== id ? [one] : changed ? [changed] : [])) });
  return { listed, problem, more: () => void ask(listed?.next ?? null, listed?.items ?? []), replace };
}

interface ItemProps {
  saved: SavedQuery;
  onOpen: (saved: SavedQuery) => void;
  onChange: (id: number, changed: SavedQuery | null) => void;
}

function SavedItem({ saved, onOpen, onChange }: ItemProps): React.ReactElement {
  const [sure, setSure] = React.useState(false);
  const toggleStar = async () => {
    onChange(saved.id, { ...saved, starred: !saved.starred });
    if (!(await write(() => star(saved, !saved.starred)))) onChange(saved.id, saved);
  };
  const drop = async () => {
    const gone = await write(() => deleteSaved(saved).then(() => true), { done: `“${saved.name}” is deleted.` });
    if (gone) onChange(saved.id, null);
  };
  const facts = [saved.language === "sql" ? "SQL" : saved.kind === "filter" ? "filter" : "", sharedWith(saved.sharing)];
  return (
    <li className="saved-item">
      <button
        type="button"
        className="button quiet icon"
        aria-pressed={saved.starred}
        aria-label={`${saved.starred ? "Take the star from" : "Star"} ${saved.name}`}
        onClick={() => void toggleStar()}
      >
        <Icon name="star" />
      </button>
      <button type="button" className="saved-open" onClick={() => onOpen(saved)}>
        <span className="saved-name">
          <strong className="truncate">{saved.name}</strong>
          {facts.filter(Boolean).map((fact) => (
            <span key={fact} className="badge">
              {fact}
            </span>
          ))}
        </span>
        <code className="truncate">{saved.text}</code>
        <span className="muted truncate">
          version {saved.version}, {ago(saved.changed_at)}
          {saved.own || !saved.owner ? "" : ` · ${saved.owner}`}
          {saved.description ? ` · ${saved.description}` : ""}
        </span>
      </button>
      {saved.may_change ? (
        <button
          type="button"
          className={sure ? "button danger small" : "button quiet icon"}
          aria-label={sure ? `Delete ${saved.name} with all its versions` : `Delete ${saved.name}`}
          onBlur={() => setSure(false)}
          onClick={() => (sure ? void drop() : setSure(true))}
        >
          {sure ? "Delete?" : <Icon name="close" />}
        </button>
      ) : null}
    </li>
  );
}
