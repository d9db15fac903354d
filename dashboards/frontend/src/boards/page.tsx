// One dashboard: its panels, the moment they look at, and editing it with steps one can take back.
import * as React from "react";
import { get } from "../core/api.ts";
import { useShortcuts } from "../core/keys.ts";
import { preload } from "../core/lazy.ts";
import { painted } from "../core/painted.ts";
import { asProblem, isAbort, Problem } from "../core/problem.ts";
import { announceProblem, say, toast } from "../core/toast.ts";
import { changePage, changeUrl, currentUrl, guardNavigation, navigate, useUrl } from "../core/url.ts";
import { ProblemBox } from "../issues/empty.tsx";
import { type Draft, makeBoard, saveBoard } from "./api.ts";
import { useMoment } from "./clock.ts";
import { Conflict, Leaving } from "./conflict.tsx";
import { BoardGrid } from "./grid.tsx";
import { BoardHead } from "./head.tsx";
import { settled } from "./layout.ts";
import { type Dashboard, freshId, newPanel, type Panel } from "./model.ts";
import { PanelView } from "./panel.tsx";
import { PanelEditor } from "./panel_editor.tsx";
import { Refused } from "./refused.tsx";
import { BoardSettings } from "./settings.tsx";
import { begin, redo, step, type Steps, undo } from "./undo.ts";
import type { Look } from "./usePanel.ts";
import { useKnown } from "./values.ts";
import { boundOf, chosenOf } from "./variables.ts";
import { VariablesBar } from "./variables_bar.tsx";

const HERE = /^\/app\/dashboards\/\d+/;
preload(["discover/chart", "discover/grid"], HERE.test(window.location.pathname) ? "now" : "idle");

/** The page `/app/dashboards/<number>`. */
export function BoardView({ number, datasets }: { number: string; datasets: readonly string[] }): React.ReactElement {
  const [board, setBoard] = React.useState<Dashboard | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setProblem(null);
    get<Dashboard>(`dashboards/${encodeURIComponent(number)}`, { signal: controller.signal })
      .then((found) => {
        const { state } = currentUrl();
        if (found.content.range && !state.range && !state.start) changeUrl({ range: found.content.range }, { replace: true });
        setBoard(found);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => controller.abort();
  }, [number, tries]);
  return (
    <section className="board-page" aria-label="Dashboard" aria-busy={board === null && !problem}>
      {problem ? <ProblemBox problem={missing(problem)} retry={problem.status === 404 ? null : () => setTries(tries + 1)} /> : null}
      {problem ? (
        <a className="button" href="/app/dashboards">
          All dashboards
        </a>
      ) : null}
      {board && !problem ? <Opened key={board.id} board={board} datasets={datasets} onBoard={setBoard} /> : null}
      {!board && !problem ? <Waiting /> : null}
    </section>
  );
}

function missing(problem: Problem): Problem {
  if (problem.status !== 404) return problem;
  return new Problem({ status: 404, code: problem.code, detail: "This dashboard is gone, or it is not shared with you.", hint: "Ask its owner to share it. Within 30 days a deleted one can be brought back." });
}

function Waiting(): React.ReactElement {
  return (
    <div className="board-waiting" aria-hidden="true">
      {Array.from({ length: 6 }, (_, place) => (
        <div key={place} className="skeleton" />
      ))}
    </div>
  );
}

const draftOf = ({ name, description, sharing, content }: Dashboard): Draft => ({ name, description, sharing, content: { ...content, panels: settled(content.panels) } });

/** Steps of editing; what is not edited is what is saved. */
function useEditing(board: Dashboard, onBoard: (board: Dashboard) => void) {
  const { state } = useUrl();
  const editing = state.page.edit === "1" && board.may_change;
  const [steps, setSteps] = React.useState<Steps<Draft>>(() => begin(draftOf(board)));
  const [saving, setSaving] = React.useState(false);
  const [refused, setRefused] = React.useState<Problem | null>(null);
  const [conflict, setConflict] = React.useState(false);
  const dirty = steps.past.length > 0;
  const [leaving, setLeaving] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (!dirty) return undefined;
    const own = window.location.pathname;
    const unguard = guardNavigation((next) => {
      const stays = next.split(/[?#]/)[0] === own;
      if (!stays) setLeaving(next);
      return stays;
    });
    const beforeUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", beforeUnload);
    return () => {
      unguard();
      window.removeEventListener("beforeunload", beforeUnload);
    };
  }, [dirty]);
  const shown = (next: Dashboard) => {
    onBoard(next);
    setSteps(begin(draftOf(next)));
    setRefused(null);
    setConflict(false);
  };
  const save = async (over: Pick<Dashboard, "id" | "newest"> = board) => {
    if (!dirty) return changePage({ edit: "" });
    setSaving(true);
    try {
      shown({ ...(await saveBoard(over, steps.now)), starred: board.starred });
      toast("The dashboard is saved.");
      changePage({ edit: "" });
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 412) setConflict(true);
      else if (problem.status === 400) setRefused(problem);
      else announceProblem(problem);
    }
    setSaving(false);
  };
  const copy = async () => {
    const made = await makeBoard({ ...steps.now, name: `${steps.now.name.slice(0, 190)} (copy)`, sharing: "private" }).catch((error: unknown) => announceProblem(asProblem(error)));
    if (!made) return;
    setSteps(begin(draftOf(board)));
    // The guard goes with the next render.
    window.setTimeout(() => navigate(`/app/dashboards/${made.id}`), 0);
  };
  return {
    editing,
    draft: editing ? steps.now : draftOf(board),
    dirty,
    saving,
    refused,
    conflict,
    canUndo: steps.past.length > 0,
    canRedo: steps.future.length > 0,
    change: (next: Draft) => setSteps((before) => step(before, next)),
    undo: () => setSteps(undo),
    redo: () => setSteps(redo),
    edit: () => changePage({ edit: "1" }),
    discard: () => {
      setSteps(begin(draftOf(board)));
      setRefused(null);
      changePage({ edit: "" });
    },
    save: (over?: Pick<Dashboard, "id" | "newest">) => void save(over),
    copy: () => void copy(),
    theirs: shown,
    closeConflict: () => setConflict(false),
    leaving,
    stay: () => setLeaving(null),
    leave: () => {
      const next = leaving;
      setLeaving(null);
      setSteps(begin(draftOf(board)));
      // The guard goes with the next render.
      if (next) window.setTimeout(() => navigate(next, { bare: true }), 0);
    },
  };
}

export type Editing = ReturnType<typeof useEditing>;

function Opened({ board, datasets, onBoard }: { board: Dashboard; datasets: readonly string[]; onBoard: (board: Dashboard) => void }): React.ReactElement {
  const { state } = useUrl();
  const editing = useEditing(board, onBoard);
  const { draft } = editing;
  const { content } = draft;
  const bar = JSON.stringify([state.projects, state.environments, state.range, state.start, state.end]);
  const [now, again] = useMoment(editing.editing ? 0 : content.refresh_s, bar);
  const look: Look = React.useMemo(() => ({ state, now }), [bar, now]);
  const known = useKnown(content.variables, look);
  const chosen = React.useMemo(() => chosenOf(state.page, content.variables), [state, content.variables]);
  const [edited, setEdited] = React.useState<{ panel: Panel; fresh: boolean } | null>(null);
  const [settings, setSettings] = React.useState(false);
  const put = (panels: Panel[]) => editing.change({ ...draft, content: { ...content, panels: settled(panels) } });
  const keep = (panel: Panel) => {
    const there = content.panels.some(({ id }) => id === panel.id);
    put(there ? content.panels.map((one) => (one.id === panel.id ? { ...panel, x: one.x, y: one.y, w: one.w, h: one.h } : one)) : [...content.panels, panel]);
    setEdited(null);
  };
  const add = () => setEdited({ panel: newPanel(content.panels, "series", ""), fresh: true });
  const acts = (panel: Panel) => ({
    edit: () => setEdited({ panel, fresh: false }),
    duplicate: () => put([...content.panels, { ...panel, id: freshId(content.panels), title: panel.title ? `${panel.title.slice(0, 190)} (copy)` : "", y: panel.y + panel.h }]),
    remove: () => {
      put(content.panels.filter(({ id }) => id !== panel.id));
      toast(`“${panel.title || "Untitled"}” is removed.`, { undo: editing.undo });
    },
  });
  useShortcuts([
    { keys: "r", label: "Look at the data again", group: "Dashboard", run: again },
    { keys: "e", label: editing.editing ? "Save" : "Edit", group: "Dashboard", run: () => (editing.editing ? editing.save() : board.may_change ? editing.edit() : undefined) },
    ...(editing.editing ? [{ keys: "mod+z", label: "Undo", group: "Dashboard", run: editing.undo }, { keys: "mod+shift+z", label: "Redo", group: "Dashboard", run: editing.redo }] : []),
  ]);
  const done = useComplete(content.panels, now);
  return (
    <>
      <BoardHead board={board} draft={draft} editing={editing} onAgain={again} onAdd={add} onSettings={() => setSettings(true)} onBoard={onBoard} />
      <Refused problem={editing.refused} />
      <VariablesBar variables={content.variables} chosen={chosen} known={known} />
      {content.panels.length === 0 ? <NoPanels editing={editing.editing} may={board.may_change} onAdd={add} onEdit={editing.edit} /> : null}
      <BoardGrid panels={content.panels} editing={editing.editing} onLayout={put}>
        {(panel, grip) => (
          <PanelView
            panel={panel}
            bound={boundOf(panel, content.variables, chosen, known)}
            look={look}
            shares={`board-${board.id}`}
            acts={editing.editing ? acts(panel) : null}
            grip={grip}
            onBrush={(start, end) => changeUrl({ range: "", start, end })}
            onDone={done}
          />
        )}
      </BoardGrid>
      {edited ? (
        <PanelEditor key={edited.panel.id} {...edited} variables={content.variables} chosen={chosen} known={known} look={look} onClose={() => setEdited(null)} onKeep={keep} />
      ) : null}
      {settings ? (
        <BoardSettings
          draft={draft}
          datasets={datasets}
          onClose={() => setSettings(false)}
          onKeep={(next) => {
            editing.change(next);
            setSettings(false);
          }}
        />
      ) : null}
      {editing.conflict ? <Conflict board={board} editing={editing} /> : null}
      {editing.leaving ? <Leaving editing={editing} /> : null}
    </>
  );
}

/** Says when every panel that was looked at stands on the screen. */
function useComplete(panels: readonly Panel[], now: number): (id: string) => void {
  const done = React.useRef({ now, ids: new Set<string>() });
  return (id) => {
    if (done.current.now !== now) done.current = { now, ids: new Set() };
    done.current.ids.add(id);
    if (panels.every((panel) => done.current.ids.has(panel.id))) {
      painted("board");
      if (panels.length === done.current.ids.size) say(`${panels.length} panels`);
    }
  };
}

function NoPanels(props: { editing: boolean; may: boolean; onAdd: () => void; onEdit: () => void }): React.ReactElement {
  return (
    <div className="empty" data-testid="board-empty">
      <h2>No panels yet</h2>
      <p>
        A panel is a question in Discover with a picture. Begin with one here, or ask it in Discover first and choose <b>Dashboard</b> above the query.
      </p>
      {props.may ? (
        <button type="button" className="button primary" onClick={props.editing ? props.onAdd : props.onEdit}>
          {props.editing ? "Add a panel" : "Edit the dashboard"}
        </button>
      ) : null}
    </div>
  );
}
