// The line that says which saved query is shown: its version, whether the text was changed since, and its history.
import * as React from "react";
import { write } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { ago } from "../core/time.ts";
import { announceProblem } from "../core/toast.ts";
import { changePage, currentUrl } from "../core/url.ts";
import { pageOfSaved, type SavedQuery } from "./saved.ts";
import { readSaved, restore, versionsOf } from "./saved_api.ts";

export type Shown = { state: "none" | "loading" } | { state: "known"; saved: SavedQuery } | { state: "failed"; problem: Problem };

/** The saved query the address names. Without a text in the address, its text is put there. */
export function useSaved(id: string, version: string, hasText: boolean): [Shown, (saved: SavedQuery) => void] {
  const [shown, setShown] = React.useState<Shown>({ state: "none" });
  React.useEffect(() => {
    const known = shown.state === "known" && String(shown.saved.id) === id && String(shown.saved.version) === (version || String(shown.saved.newest));
    if (!id || (known && hasText)) {
      if (!id) setShown({ state: "none" });
      return undefined;
    }
    const controller = new AbortController();
    setShown({ state: "loading" });
    readSaved(id, version, controller.signal)
      .then((saved) => {
        setShown({ state: "known", saved });
        const { page } = currentUrl().state;
        if (!page.q) changePage(pageOfSaved(saved, page), { replace: true });
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setShown({ state: "failed", problem: asProblem(error) });
      });
    return () => controller.abort();
  }, [id, version, hasText]);
  return [shown, (saved) => setShown({ state: "known", saved })];
}

interface Props {
  shown: Shown;
  text: string;
  onShow: (saved: SavedQuery) => void;
  onClose: () => void;
}

export function SavedLine({ shown, text, onShow, onClose }: Props): React.ReactElement | null {
  if (shown.state === "failed") {
    return (
      <div className="problem" role="alert">
        <strong>{shown.problem.status === 404 ? "This saved query is gone, or it is not shared with you." : shown.problem.message}</strong>
        <span>The text below still stands.</span>
        <code>{shown.problem.code}</code>
      </div>
    );
  }
  if (shown.state !== "known") return null;
  const { saved } = shown;
  const old = saved.version < saved.newest;
  return (
    <div className="saved-line" data-testid="saved-line">
      <strong className="truncate" title={saved.description || saved.name}>
        {saved.name}
      </strong>
      <span className="muted truncate">
        version {saved.version}
        {old ? ` of ${saved.newest}` : ""}, {saved.author.replace(/^user:/, "")} {ago(saved.changed_at)}
      </span>
      {saved.text === text ? null : <span className="badge warn">edited</span>}
      {old && saved.may_change ? (
        <button type="button" className="button small" onClick={() => void bringBack(saved, onShow)}>
          Restore this version
        </button>
      ) : null}
      <Versions saved={saved} onShow={onShow} />
      <button type="button" className="button quiet small icon" aria-label="Let go of the saved query" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

async function bringBack(saved: SavedQuery, onShow: (saved: SavedQuery) => void): Promise<void> {
  const back = await write(() => restore(saved), { done: (made) => `Version ${made.version} says what version ${saved.version} said.` });
  if (back) onShow(back);
}

function Versions({ saved, onShow }: { saved: SavedQuery; onShow: (saved: SavedQuery) => void }): React.ReactElement {
  const [versions, setVersions] = React.useState<SavedQuery[] | null>(null);
  const load = () => {
    setVersions(null);
    versionsOf(saved.id).then(
      ({ items }) => setVersions(items),
      (error: unknown) => announceProblem(asProblem(error)),
    );
  };
  return (
    <Menu label={<>Versions <Icon name="chevron" /></>} name="Versions" className="button quiet small" align="end" onOpen={load}>
      {(close) =>
        versions ? (
          <div className="saved-versions">
            {versions.map((one) => (
              <button
                key={one.version}
                type="button"
                role="menuitem"
                onClick={() => {
                  close();
                  onShow(one);
                }}
              >
                <span>
                  Version {one.version} <span className="muted">{one.author.replace(/^user:/, "")}, {ago(one.changed_at)}</span>
                  <code className="truncate">{one.text}</code>
                </span>
                {one.version === saved.version ? <Icon name="check" /> : null}
              </button>
            ))}
          </div>
        ) : (
          <div className="skeleton saved-skeleton" />
        )
      }
    </Menu>
  );
}
