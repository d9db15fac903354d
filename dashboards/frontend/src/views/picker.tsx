// Saved views in the bar of a page: open one, save what is shown, star it, let the page begin with it.
import * as React from "react";
import { get, patch, post, remove, request, write } from "../core/api.ts";
import { Dialog } from "../core/dialog.tsx";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import type { UrlState } from "../core/search.ts";
import { toast } from "../core/toast.ts";
import { changePage, changeUrl, currentUrl, useUrl } from "../core/url.ts";
import { Refused } from "../boards/refused.tsx";
import { SharingField } from "../boards/sharing.tsx";
import { sharedWith } from "../discover/saved.ts";
import { isPlain, type Listing, OPEN, ordered, searchOf, stateOf, unchanged, type View, type ViewPage } from "./model.ts";

const NO_VIEWS: readonly View[] = [];

/** The project whose defaults count: the one that is chosen, when it is one. */
const projectOf = (state: UrlState): string | null => (state.projects.length === 1 ? state.projects[0]! : null);

const list = (page: ViewPage, project: string | null, signal: AbortSignal | null) =>
  get<Listing>("views", { query: { page, ...(project ? { project } : {}) }, signal });

function show(view: View, replace = false): void {
  changeUrl(stateOf(view, currentUrl().state), { replace });
}

/** The views of a page, loaded when they are needed: for a plain address, for one that names a view, or for the menu. */
function useViews(page: ViewPage) {
  const { state } = useUrl();
  const [listing, setListing] = React.useState<Listing | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const begun = React.useRef(false);
  const load = (signal: AbortSignal | null, opening: boolean) =>
    list(page, projectOf(currentUrl().state), signal)
      .then((found) => {
        setListing(found);
        setProblem(null);
        const begins = opening && isPlain(currentUrl().state) ? found.items.find(({ id }) => id === found.opens) : undefined;
        if (begins) show(begins, true);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
  React.useEffect(() => {
    if (begun.current || !(isPlain(state) || state.page[OPEN])) return undefined;
    begun.current = true;
    const controller = new AbortController();
    void load(controller.signal, true);
    return () => controller.abort();
  }, []);
  return { state, listing, problem, load: () => void load(null, false) };
}

export function Views({ page }: { page: ViewPage }): React.ReactElement {
  const { state, listing, problem, load } = useViews(page);
  const [saving, setSaving] = React.useState<View | "new" | null>(null);
  const views = listing?.items ?? NO_VIEWS;
  const open = views.find(({ id }) => String(id) === state.page[OPEN]) ?? null;
  const edited = open !== null && !unchanged(open, state);
  return (
    <>
      <Menu
        label={
          <>
            <Icon name="layers" />
            <bdi className="truncate views-label">{open ? open.name : "Views"}</bdi>
            {edited ? <span className="badge warn">changed</span> : null}
            <Icon name="chevron" />
          </>
        }
        name={open ? `Saved views: ${open.name}${edited ? " changed" : ""}` : "Saved views"}
        className="button quiet small"
        kind="dialog"
        align="end"
        onOpen={load}
      >
        {(close) => (
          <div className="views-menu">
            {problem ? (
              <div className="problem" role="alert">
                <strong>{problem.message}</strong>
                <span>{problem.hint}</span>
                <code>{problem.code}</code>
              </div>
            ) : null}
            {!listing && !problem ? <div className="skeleton saved-skeleton" /> : null}
            {listing && views.length === 0 ? <p className="muted">No views yet. A view is what this page shows, kept under a name.</p> : null}
            <ul aria-label="Views">
              {ordered(views).map((view) => (
                <ViewItem key={view.id} view={view} open={view === open} project={projectOf(state)} onOpen={() => (close(), show(view))} onChange={load} />
              ))}
            </ul>
            <div className="views-acts">
              {open && edited && open.may_change ? (
                <button type="button" className="button small" onClick={() => (close(), void update(open, load))}>
                  Save the changes
                </button>
              ) : null}
              <button type="button" className="button small" onClick={() => (close(), setSaving("new"))}>
                <Icon name="plus" />
                Save as a new view
              </button>
              {open ? (
                <>
                  {open.may_change ? (
                    <button type="button" className="button quiet small" onClick={() => (close(), setSaving(open))}>
                      Rename, share
                    </button>
                  ) : null}
                  <button type="button" className="button quiet small" onClick={() => (close(), changePage({ [OPEN]: "" }))}>
                    Let go of it
                  </button>
                </>
              ) : null}
            </div>
          </div>
        )}
      </Menu>
      {saving ? <SaveView page={page} before={saving === "new" ? null : saving} onClose={() => setSaving(null)} onSaved={load} /> : null}
    </>
  );
}

async function update(view: View, load: () => void): Promise<void> {
  const search = searchOf(currentUrl().state);
  const made = await write(() => patch<View>(`views/${view.id}`, { search }, { ifMatch: `"${view.newest}"` }), {
    done: `“${view.name}” shows this now.`,
    undo: (saved) => patch(`views/${view.id}`, { search: view.search }, { ifMatch: `"${saved.newest}"` }).then(load),
  });
  if (made) load();
}

interface ItemProps {
  view: View;
  open: boolean;
  project: string | null;
  onOpen: () => void;
  onChange: () => void;
}

function ViewItem({ view, open, project, onOpen, onChange }: ItemProps): React.ReactElement {
  const shared = sharedWith(view.sharing);
  const path = `views/${view.id}`;
  const star = () => void write(() => request<null>(view.starred ? "DELETE" : "PUT", `${path}/star`)).then(onChange);
  const begin = async () => {
    const mine = view.default === "mine";
    const where = project ? { project } : {};
    const done = mine ? `The page no longer begins with “${view.name}”.` : `The page begins with “${view.name}”${project ? ` in ${project}` : ""}.`;
    await write(() => (mine ? request<null>("DELETE", `${path}/default`, { query: where }) : request<null>("PUT", `${path}/default`, { body: where })), { done });
    onChange();
  };
  const drop = async () => {
    const gone = await write(() => remove<null>(path).then(() => true), {
      done: `“${view.name}” is deleted.`,
      undo: () => post(`${path}/bring-back`, {}).then(onChange),
    });
    if (gone) onChange();
  };
  return (
    <li className={open ? "views-item chosen" : "views-item"}>
      <button type="button" className="button quiet icon" aria-pressed={view.starred} aria-label={`${view.starred ? "Take the star from" : "Star"} ${view.name}`} onClick={star}>
        <Icon name="star" />
      </button>
      <button type="button" className="views-open" aria-current={open ? "true" : undefined} onClick={onOpen}>
        <bdi className="truncate">{view.name}</bdi>
        {shared ? <span className="badge">{shared}</span> : null}
        {view.default ? <span className="badge accent">{view.default === "mine" ? "begins" : "everybody begins"}</span> : null}
      </button>
      <button
        type="button"
        className="button quiet icon"
        aria-pressed={view.default === "mine"}
        title="Begin this page with it"
        aria-label={`${view.default === "mine" ? "No longer begin" : "Begin"} this page with ${view.name}`}
        onClick={() => void begin()}
      >
        <Icon name="play" />
      </button>
      {view.may_change ? (
        <button type="button" className="button quiet icon" aria-label={`Delete ${view.name}`} onClick={() => void drop()}>
          <Icon name="close" />
        </button>
      ) : null}
    </li>
  );
}

interface SaveProps {
  page: ViewPage;
  /** The view whose name and sharing change; null for a new one. */
  before: View | null;
  onClose: () => void;
  onSaved: () => void;
}

function SaveView({ page, before, onClose, onSaved }: SaveProps): React.ReactElement {
  const { state } = useUrl();
  const project = projectOf(state);
  const [name, setName] = React.useState(before?.name ?? "");
  const [sharing, setSharing] = React.useState(before?.sharing ?? "private");
  const [everybody, setEverybody] = React.useState(false);
  const [timed, setTimed] = React.useState(true);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [busy, setBusy] = React.useState(false);
  const form = React.useId();
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const kept = timed ? state : { ...state, projects: [], environments: [], range: "", start: "", end: "" };
      const made = before
        ? await patch<View>(`views/${before.id}`, { name, sharing }, { ifMatch: `"${before.newest}"` })
        : await post<View>("views", { name, page, search: searchOf(kept), sharing });
      if (everybody) await request("PUT", `views/${made.id}/default`, { body: { everybody: true, ...(project ? { project } : {}) } });
      toast(`“${made.name}” is saved.`);
      if (!before) changePage({ [OPEN]: String(made.id) }, { replace: true });
      onSaved();
      onClose();
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
      <button type="submit" form={form} className="button primary" disabled={busy}>
        Save
      </button>
    </>
  );
  return (
    <Dialog title={before ? "Rename or share the view" : "Save what the page shows"} open onClose={onClose} footer={footer}>
      <form id={form} className="board-settings" onSubmit={(event) => void submit(event)}>
        <Refused problem={problem} />
        <label className="field">
          Name
          <input type="text" required maxLength={200} autoFocus value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <SharingField label="Who may see it" sharing={sharing} onChange={setSharing} />
        {before ? null : (
          <label className="check">
            <input type="checkbox" checked={timed} onChange={(event) => setTimed(event.target.checked)} />
            With the projects and the time of the bar
          </label>
        )}
        {sharing === "private" ? null : (
          <label className="check">
            <input type="checkbox" checked={everybody} onChange={(event) => setEverybody(event.target.checked)} />
            Everybody's page begins with it{project ? ` in ${project}` : ""} (needs the role admin)
          </label>
        )}
      </form>
    </Dialog>
  );
}
