// One panel: its head, its picture, and what is said instead of one.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { formatSearch } from "../core/search.ts";
import { rangeLabel } from "../core/time.ts";
import { linesOf } from "../discover/series.ts";
import type { Panel } from "./model.ts";
import { BarPicture, HeatPicture, NoRows, NumberPicture, TablePicture, TopPicture, Unfit } from "./pictures.tsx";
import { SeriesPicture } from "./series.tsx";
import { listText } from "../discover/parameters.ts";
import { type Look, type PanelAnswer, type PanelState, usePanel } from "./usePanel.ts";
import type { Bound } from "./variables.ts";

export interface PanelActs {
  edit: () => void;
  duplicate: () => void;
  remove: () => void;
}

interface Props {
  panel: Panel;
  bound: Bound;
  look: Look;
  /** Name of the dashboard, whose charts share the pointer. */
  shares: string;
  /** What may be done to it while the dashboard is edited; null otherwise. */
  acts: PanelActs | null;
  onBrush: (start: string, end: string) => void;
  onDone: (id: string) => void;
  /** Begins dragging; null when the layout is not edited. */
  grip: React.ReactNode;
}

export function PanelView({ panel, bound, look, shares, acts, onBrush, onDone, grip }: Props): React.ReactElement {
  const root = React.useRef<HTMLElement>(null);
  const visible = useSeen(root);
  const state = usePanel(panel, bound, look, visible);
  const [asTable, setAsTable] = React.useState(false);
  const name = React.useId();
  const { phase } = state;
  React.useEffect(() => {
    if (phase === "known" || phase === "failed") onDone(panel.id);
  }, [phase, look.now]);
  const title = panel.title || "Untitled";
  return (
    <article className="board-panel" ref={root} aria-labelledby={name} aria-busy={phase === "loading"} data-phase={phase} data-testid="board-panel">
      <header>
        {grip}
        <h2 id={name} className="truncate" title={panel.description || title}>
          <bdi>{title}</bdi>
        </h2>
        {panel.range ? (
          <span className="badge" title="A time range of its own">
            {rangeLabel(panel.range)}
          </span>
        ) : null}
        <PanelMenu panel={panel} bound={bound} look={look} acts={acts} asTable={asTable} onTable={() => setAsTable(!asTable)} title={title} />
      </header>
      <div className={phase === "loading" && state.answer ? "board-body stale" : "board-body"}>
        <Body panel={panel} bound={bound} state={state} asTable={asTable} shares={shares} onBrush={onBrush} onEdit={acts?.edit ?? null} />
      </div>
    </article>
  );
}

/** Whether an element was on the screen: what nobody looks at need not be asked yet. */
function useSeen(root: React.RefObject<HTMLElement>): boolean {
  const [seen, setSeen] = React.useState(false);
  React.useEffect(() => {
    if (seen || !root.current) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
    }, { rootMargin: "200px" });
    observer.observe(root.current);
    return () => observer.disconnect();
  }, [seen]);
  return seen;
}

interface BodyProps extends Pick<Props, "panel" | "bound" | "shares" | "onBrush"> {
  state: PanelState;
  asTable: boolean;
  onEdit: (() => void) | null;
}

function Body({ panel, bound, state, asTable, shares, onBrush, onEdit }: BodyProps): React.ReactElement {
  const { phase, answer, problem } = state;
  if (bound.lacking.length > 0 && phase === "waiting") {
    return (
      <div className="board-note">
        <strong>Choose a value</strong>
        <span>
          The query waits for{" "}
          {bound.lacking.map((name) => (
            <code key={name}>${name} </code>
          ))}
        </span>
      </div>
    );
  }
  if (problem) {
    return (
      <div className="board-note board-problem" role="alert">
        <strong>{problem.message}</strong>
        {problem.hint ? <span>{problem.hint}</span> : null}
        {problem.suggestion && problem.suggestion !== problem.hint ? <span>Did you mean {problem.suggestion}?</span> : null}
        <code className="muted">{problem.code}</code>
        <span className="board-note-acts">
          <button type="button" className="button small" onClick={state.again}>
            Try again
          </button>
          {onEdit ? (
            <button type="button" className="button small" onClick={onEdit}>
              Edit the query
            </button>
          ) : null}
        </span>
      </div>
    );
  }
  if (!answer) return <div className="skeleton board-skeleton" />;
  return <Drawn panel={panel} answer={answer} asTable={asTable} shares={shares} onBrush={onBrush} />;
}

function Drawn({ panel, answer, asTable, shares, onBrush }: { panel: Panel; answer: PanelAnswer; asTable: boolean; shares: string; onBrush: Props["onBrush"] }): React.ReactElement {
  const { picture } = panel;
  const lines = React.useMemo(() => (picture === "series" ? linesOf({ query: answer.query ?? null, columns: answer.columns, rows: answer.rows }) : null), [answer, picture]);
  if (lines && answer.query === null) return <Unfit needs="A series needs rows with a time; `from issues` has none." />;
  if (answer.rows.length === 0) return <NoRows />;
  if (asTable) return <TablePicture answer={answer} />;
  switch (picture) {
    case "series":
      return lines && lines.times.length ? <SeriesPicture lines={lines} start={answer.meta?.start ?? ""} end={answer.meta?.end ?? ""} shares={shares} onBrush={onBrush} /> : <NoRows />;
    case "number":
      return <NumberPicture answer={answer} />;
    case "top":
      return <TopPicture answer={answer} />;
    case "bar":
      return <BarPicture answer={answer} />;
    case "heatmap":
      return <HeatPicture answer={answer} />;
    case "table":
      return <TablePicture answer={answer} />;
  }
}

interface MenuProps extends Pick<Props, "panel" | "bound" | "look" | "acts"> {
  asTable: boolean;
  onTable: () => void;
  title: string;
}

function PanelMenu({ panel, bound, look, acts, asTable, onTable, title }: MenuProps): React.ReactElement {
  const choose = (close: () => void, act: () => void) => () => {
    close();
    act();
  };
  return (
    <Menu label={<Icon name="more" />} name={`Menu of ${title.slice(0, 100)}`} className="button quiet small icon" align="end">
      {(close) => (
        <>
          <a role="menuitem" className="menu-link" href={discoverHref(panel, bound, look)}>
            <Icon name="discover" />
            Open in Discover
          </a>
          {panel.picture === "table" ? null : (
            <button type="button" role="menuitem" onClick={choose(close, onTable)}>
              <Icon name="group" />
              {asTable ? "Show the picture" : "Show as a table"}
            </button>
          )}
          {acts ? (
            <>
              <button type="button" role="menuitem" onClick={choose(close, acts.edit)}>
                <Icon name="settings" />
                Edit
              </button>
              <button type="button" role="menuitem" onClick={choose(close, acts.duplicate)}>
                <Icon name="copy" />
                Duplicate
              </button>
              <button type="button" role="menuitem" onClick={choose(close, acts.remove)}>
                <Icon name="close" />
                Remove
              </button>
            </>
          ) : null}
        </>
      )}
    </Menu>
  );
}

/** The address of Discover with the panel's question: its text, the values it has now, its time. */
export function discoverHref(panel: Panel, bound: Bound, look: Look): string {
  const page: Record<string, string> = { q: panel.text };
  for (const [name, { type, value }] of Object.entries(bound.params)) page[`var.${name}`] = `${type}:${typeof value === "string" ? value : listText(value)}`;
  const bar = panel.range ? { ...look.state, range: panel.range, start: "", end: "" } : look.state;
  return `/app/discover${formatSearch({ ...bar, page })}`;
}
