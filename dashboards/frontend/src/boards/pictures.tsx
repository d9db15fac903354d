// The other pictures of panels: a big number, a top list, bars, a table, a heatmap.
import * as React from "react";
import { formatNumber, formatQuantity } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { lazy } from "../core/lazy.ts";
import { useStore } from "../core/store.ts";
import { painted, token } from "../core/theme.ts";
import { formatTime } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import type { Grid, GridOptions } from "../discover/grid.lazy.ts";
import { type Cells, cellsOf } from "../discover/heatmap.ts";
import { barsOf, bigOf, changeText, type Rows } from "./shape.ts";

const MOST_TOP = 100;
const MOST_BARS = 40;

/** The answer has not what the picture draws: which texts do. */
export function Unfit({ needs }: { needs: string }): React.ReactElement {
  return (
    <div className="board-note">
      <strong>This answer does not fit its picture.</strong>
      <span>{needs}</span>
    </div>
  );
}

export function NumberPicture({ answer }: { answer: Rows }): React.ReactElement {
  const big = bigOf(answer);
  if (!big) return <Unfit needs="A big number needs a column of numbers, such as `| summarize n=count()`." />;
  const shown = (value: number | null) => (value === null ? "–" : formatQuantity(value, big.type, big.unit, Math.abs(value) >= 1e6));
  const exact = big.value === null ? "no value" : formatQuantity(big.value, big.type, big.unit);
  return (
    <div className="board-number">
      <span className="board-figure" title={`${big.name}: ${exact}`}>
        {shown(big.value)}
      </span>
      {big.previous === undefined ? null : (
        <span className="board-change">
          {big.change === null ? null : (
            <b>
              <span aria-hidden="true">{big.change > 0 ? "▲ " : big.change < 0 ? "▼ " : ""}</span>
              {changeText(big.change)}
            </b>
          )}{" "}
          <span className="muted">from {shown(big.previous)}</span>
        </span>
      )}
    </div>
  );
}

export function TopPicture({ answer }: { answer: Rows }): React.ReactElement {
  const zone = useZone();
  const shown = React.useMemo(() => barsOf(answer, MOST_TOP, zone), [answer, zone]);
  if (!shown) return <Unfit needs="A top list needs names and a number, such as `| summarize n=count() by level | sort n desc`." />;
  const most = Math.max(...shown.bars.map(({ value }) => value), 1e-9);
  return (
    <div className="board-scroll" tabIndex={0} role="region" aria-label="List">
      <ol className="board-top">
        {shown.bars.map(({ label, value }, place) => (
          <li key={place}>
            <span className="board-top-share" style={{ width: `${Math.max(0, value / most) * 100}%` }} aria-hidden="true" />
            <bdi className="truncate" title={label.slice(0, 300)}>
              {label.slice(0, 160)}
            </bdi>
            <b>{formatQuantity(value, shown.type, shown.unit)}</b>
          </li>
        ))}
      </ol>
      {shown.more ? <p className="muted board-more">and {formatNumber(shown.more)} more</p> : null}
    </div>
  );
}

export function BarPicture({ answer }: { answer: Rows }): React.ReactElement {
  const zone = useZone();
  const shown = React.useMemo(() => barsOf(answer, MOST_BARS, zone), [answer, zone]);
  if (!shown) return <Unfit needs="Bars need names and a number, such as `| summarize n=count() by release`." />;
  const most = Math.max(...shown.bars.map(({ value }) => value), 1e-9);
  return (
    <div className="board-scroll" tabIndex={0} role="region" aria-label="Bars">
      <ul className="board-bars">
        {shown.bars.map(({ label, value }, place) => (
          <li key={place} title={`${label.slice(0, 300)}: ${formatQuantity(value, shown.type, shown.unit)}`}>
            <b>{formatQuantity(value, shown.type, shown.unit, true)}</b>
            <span className="board-bar" style={{ height: `${Math.max(0, value / most) * 100}%` }} aria-hidden="true" />
            <bdi className="truncate">{label.slice(0, 80)}</bdi>
          </li>
        ))}
      </ul>
      {shown.more ? <p className="muted board-more">and {formatNumber(shown.more)} more</p> : null}
    </div>
  );
}

type Module = { createResultGrid: (parent: HTMLElement, options: GridOptions) => Grid };
const NOTHING = { onCell: () => undefined, onSort: () => undefined };

export function TablePicture({ answer }: { answer: Rows }): React.ReactElement {
  const place = React.useRef<HTMLDivElement>(null);
  const grid = React.useRef<Grid | null>(null);
  const [ready, setReady] = React.useState(false);
  const zone = useZone();
  React.useEffect(() => {
    let gone = false;
    void lazy<Module>("discover/grid").then(({ createResultGrid }) => {
      if (gone || !place.current) return;
      grid.current = createResultGrid(place.current, NOTHING);
      setReady(true);
    });
    return () => {
      gone = true;
      grid.current?.destroy();
      grid.current = null;
    };
  }, []);
  React.useLayoutEffect(() => {
    if (ready) grid.current?.show(answer.columns, answer.rows, zone);
  }, [ready, answer, zone]);
  return <div className="board-table" ref={place} />;
}

export function HeatPicture({ answer }: { answer: Rows }): React.ReactElement {
  const cells = React.useMemo(() => cellsOf(answer.columns, answer.rows), [answer]);
  if (!cells) return <Unfit needs="A heatmap is the answer of the stage `| heatmap FIELD`, such as `heatmap transaction.duration`." />;
  return <HeatCanvas cells={cells} />;
}

function HeatCanvas({ cells }: { cells: Cells }): React.ReactElement {
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const shade = useStore(painted);
  const zone = useZone();
  React.useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => drawCells(element, cells));
    observer.observe(element);
    drawCells(element, cells);
    return () => observer.disconnect();
  }, [cells, shade]);
  const shown = (value: number) => formatQuantity(value, cells.type, cells.unit, true);
  const [low, high] = [shown(cells.bounds[0]![0]), shown(cells.bounds.at(-1)![1])];
  const time = (ms: number) => formatTime(new Date(ms).toISOString(), zone).slice(5, 16);
  const label = `Heatmap from ${low} to ${high}; the fullest cell has ${formatNumber(cells.most)}. The menu of the panel shows it as a table.`;
  return (
    <div className="board-heat">
      <span className="board-heat-high muted">{high}</span>
      <span className="board-heat-low muted">{low}</span>
      <canvas ref={canvas} role="img" aria-label={label} />
      <span className="board-heat-from muted">{time(cells.times[0]!)}</span>
      <span className="board-heat-to muted">{time(cells.times.at(-1)! + cells.step_ms)}</span>
    </div>
  );
}

function drawCells(canvas: HTMLCanvasElement, cells: Cells): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  const [w, h] = [width / cells.times.length, height / cells.bounds.length];
  context.fillStyle = token("accent-line");
  cells.counts.forEach((column, time) =>
    column.forEach((count, level) => {
      if (!count) return;
      // By the logarithm: one row is seen beside ten thousand.
      context.globalAlpha = 0.12 + 0.88 * (Math.log1p(count) / Math.log1p(cells.most));
      context.fillRect(time * w, height - (level + 1) * h, Math.max(1, w - 0.5), Math.max(1, h - 0.5));
    }),
  );
}

/** Nothing matched: said inside the panel, for a chart without lines looks broken. */
export function NoRows(): React.ReactElement {
  return (
    <div className="board-note muted">
      <Icon name="info" />
      <span>No rows in this time.</span>
    </div>
  );
}
