// The table of the rows, the menu of a cell, and the line that says what the rows are.
import * as React from "react";
import { formatNumber } from "../core/format.ts";
import { lazy } from "../core/lazy.ts";
import { painted } from "../core/painted.ts";
import { useZone } from "../core/zone.ts";
import { CellMenu } from "./cell_menu.tsx";
import type { CellPlace, Grid, GridOptions } from "./grid.lazy.ts";
import { type Answer, type Change, MORE_ROWS } from "./model.ts";

interface Props {
  answer: Answer;
  stale: boolean;
  limit: number;
  onChange: (change: Change) => void;
  /** Draw a heatmap of a column; null when the rows are groups. */
  onHeatmap: ((field: string) => void) | null;
  onMore: () => void;
}

type Module = { createResultGrid: (parent: HTMLElement, options: GridOptions) => Grid };
type Sort = { column: string; descending: boolean } | null;

export function Results({ answer, stale, limit, onChange, onHeatmap, onMore }: Props): React.ReactElement {
  const place = React.useRef<HTMLDivElement>(null);
  const grid = React.useRef<Grid | null>(null);
  const [ready, setReady] = React.useState(false);
  const [cell, setCell] = React.useState<CellPlace | null>(null);
  const [sort, setSort] = React.useState<Sort>(null);
  const zone = useZone();
  const closeMenu = React.useCallback(() => setCell(null), []);

  React.useEffect(() => {
    let gone = false;
    void lazy<Module>("discover/grid").then(({ createResultGrid }) => {
      if (gone || !place.current) return;
      grid.current = createResultGrid(place.current, { onCell: setCell, onSort: setSort });
      setReady(true);
    });
    return () => {
      gone = true;
      grid.current?.destroy();
      grid.current = null;
    };
  }, []);

  React.useLayoutEffect(() => {
    if (!ready) return;
    grid.current?.show(answer.columns, answer.rows, zone);
    if (!answer.completed) setCell(null);
    painted(answer.completed ? "rest" : "rows");
  }, [ready, answer, zone]);

  return (
    <section className={stale ? "results stale" : "results"} aria-label="Results" aria-busy={stale}>
      <div className="result-table" ref={place} data-testid="result-table">
        {ready ? null : <div className="skeleton table-skeleton" />}
      </div>
      <RowsLine answer={answer} sort={sort} limit={limit} onChange={onChange} onMore={onMore} onUnsort={() => grid.current?.clearSort()} />
      {cell ? (
        <CellMenu place={cell} columns={answer.columns} onChange={onChange} onHeatmap={onHeatmap} onClose={closeMenu} />
      ) : null}
    </section>
  );
}

function RowsLine(props: {
  answer: Answer;
  sort: Sort;
  limit: number;
  onChange: (change: Change) => void;
  onMore: () => void;
  onUnsort: () => void;
}): React.ReactElement {
  const { answer, sort } = props;
  const { truncated } = answer.meta;
  const count = `${formatNumber(answer.rows.length)} ${answer.rows.length === 1 ? "row" : "rows"}`;
  return (
    <footer className="rows-line">
      <span>{truncated ? <strong className="warn-text">First {count}; more match.</strong> : count}</span>
      {truncated && props.limit < MORE_ROWS ? (
        <button type="button" className="link-button" onClick={props.onMore}>
          Load up to {formatNumber(MORE_ROWS)}
        </button>
      ) : null}
      {sort ? (
        <span>
          Sorted here by <code>{sort.column}</code>
          {truncated ? ", among these rows only" : ""}.{" "}
          <button type="button" className="link-button" onClick={() => props.onChange({ op: "sort", field: sort.column, desc: sort.descending })}>
            Sort in the query
          </button>{" "}
          <button type="button" className="link-button" onClick={props.onUnsort}>
            Undo
          </button>
        </span>
      ) : null}
    </footer>
  );
}
