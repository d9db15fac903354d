// The heatmap: time to the right, values upwards, darker where there are more rows. A box drawn over it, by pointer or by
// keys, asks what its rows have that the others have not. The table below holds the same numbers as text.
import * as React from "react";
import { formatNumber, formatQuantity } from "../core/format.ts";
import { painted } from "../core/painted.ts";
import { useStore } from "../core/store.ts";
import { painted as themeChanges, theme, token } from "../core/theme.ts";
import { absoluteLabel, formatTime } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import { useBox } from "../issues/watch.ts";
import { WhyBox } from "../rca/why.tsx";
import { prepare, useFrame } from "../trace/canvas.ts";
import { type Box, boxOf, type Cells, inBox } from "./heatmap.ts";

interface Props {
  cells: Cells;
  /** Ask what sets a box apart; null when the values cannot be filtered by. */
  onDiffers: ((box: Box) => void) | null;
  stale: boolean;
}

const HEIGHT = 190;
const LABELS = 64;

/** Cells in the colour of the theme, with the box that is drawn. */
function draw(canvas: HTMLCanvasElement, cells: Cells, width: number, box: Box | null): void {
  const context = prepare(canvas, width, HEIGHT);
  if (!context) return;
  context.clearRect(0, 0, width, HEIGHT);
  const [w, h] = [width / cells.times.length, HEIGHT / cells.bounds.length];
  context.fillStyle = token("accent-line");
  cells.counts.forEach((column, time) =>
    column.forEach((count, level) => {
      if (!count) return;
      // By the logarithm: one row is seen beside ten thousand.
      context.globalAlpha = 0.12 + 0.88 * (Math.log1p(count) / Math.log1p(cells.most));
      context.fillRect(time * w, HEIGHT - (level + 1) * h, Math.max(1, w - 0.5), Math.max(1, h - 0.5));
    }),
  );
  context.globalAlpha = 1;
  if (!box) return;
  context.strokeStyle = token("ink");
  context.lineWidth = 2;
  context.strokeRect(box.times[0] * w + 1, HEIGHT - (box.levels[1] + 1) * h + 1, (box.times[1] - box.times[0] + 1) * w - 2, (box.levels[1] - box.levels[0] + 1) * h - 2);
}

/** A box that is drawn by dragging, or moved and stretched by arrows. */
function useDragging(cells: Cells): { box: Box | null; clear: () => void; handlers: React.HTMLAttributes<HTMLCanvasElement> } {
  const [box, setBox] = React.useState<Box | null>(null);
  const from = React.useRef<[number, number] | null>(null);
  React.useEffect(() => setBox(null), [cells]);
  const place = (event: React.PointerEvent<HTMLCanvasElement>): [number, number] => {
    const area = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - area.left) / area.width, 1 - (event.clientY - area.top) / area.height];
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Escape") return setBox(null);
    if (!way) return;
    event.preventDefault();
    setBox((now) => (now === null ? { times: [0, 0], levels: [0, 0] } : moved(cells, now, way[0]!, way[1]!, event.shiftKey)));
  };
  return {
    box,
    clear: () => setBox(null),
    handlers: {
      onPointerDown: (event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = place(event as React.PointerEvent<HTMLCanvasElement>);
        setBox(boxOf(cells, from.current, from.current));
      },
      onPointerMove: (event) => {
        if (from.current) setBox(boxOf(cells, from.current, place(event as React.PointerEvent<HTMLCanvasElement>)));
      },
      onPointerUp: () => {
        from.current = null;
      },
      onKeyDown,
    },
  };
}

/** The box one cell further, or with its later and upper edge there. */
function moved(cells: Cells, box: Box, right: number, up: number, stretch: boolean): Box {
  const shift = ([first, last]: [number, number], by: number, count: number): [number, number] => {
    if (stretch) return [first, Math.min(count - 1, Math.max(first, last + by))];
    return first + by < 0 || last + by >= count ? [first, last] : [first + by, last + by];
  };
  return { times: shift(box.times, right, cells.times.length), levels: shift(box.levels, up, cells.bounds.length) };
}

export function Heatmap({ cells, onDiffers, stale }: Props): React.ReactElement {
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const place = useBox();
  const { box, clear, handlers } = useDragging(cells);
  const shade = useStore(themeChanges);
  const chosen = useStore(theme);
  const frame = useFrame(() => {
    if (canvas.current && place.width) draw(canvas.current, cells, place.width, box);
  });
  React.useEffect(frame, [frame, cells, place.width, box, shade, chosen]);
  React.useEffect(() => painted("chart"), [cells]);
  const value = (number: number) => formatQuantity(number, cells.type, cells.unit);
  const top = cells.bounds.at(-1)![1];
  return (
    <section className={stale ? "chart heatmap stale" : "chart heatmap"} aria-label="Heatmap" data-testid="heatmap">
      <div className="heatmap-body">
        <div className="heatmap-axis muted" style={{ width: LABELS }} aria-hidden="true">
          <span>{value(top)}</span>
          <span>{value(cells.bounds[0]![0])}</span>
        </div>
        <div className="heatmap-place" ref={place.ref}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="application"
            aria-roledescription="heatmap"
            aria-label={`Rows by time and value, ${cells.times.length} times ${cells.bounds.length} cells, at most ${formatNumber(cells.most)} in one. Arrows move a box, with Shift they stretch it, Enter asks what differs. The table below has the numbers.`}
            {...handlers}
            onKeyDown={(event) => {
              if (event.key === "Enter" && box && onDiffers) onDiffers(box);
              else handlers.onKeyDown?.(event);
            }}
          />
        </div>
      </div>
      <BoxLine cells={cells} box={box} value={value} onDiffers={onDiffers} onClear={clear} />
    </section>
  );
}

interface BoxLineProps {
  cells: Cells;
  box: Box | null;
  value: (number: number) => string;
  onDiffers: Props["onDiffers"];
  onClear: () => void;
}

/** Below the picture: its ends, or what the box holds and what can be asked of it. */
function BoxLine({ cells, box, value, onDiffers, onClear }: BoxLineProps): React.ReactElement {
  const zone = useZone();
  const at = (time: number) => new Date(time).toISOString().replace(".000", "");
  if (!box) {
    return (
      <p className="heatmap-line muted" style={{ marginLeft: LABELS }}>
        <span>{formatTime(at(cells.times[0]!), zone)}</span>
        <span>{onDiffers ? "Draw a box to ask what differs in it" : "Name a field alone to ask what differs in a box"}</span>
        <span>{formatTime(at(cells.times.at(-1)! + cells.step_ms), zone)}</span>
      </p>
    );
  }
  const [first, last] = [cells.bounds[box.levels[0]]![0], cells.bounds[box.levels[1]]![1]];
  const count = inBox(cells, box);
  return (
    <p className="heatmap-line" style={{ marginLeft: LABELS }} role="status">
      <span>
        <b>{formatNumber(count)}</b> rows, {value(first)} to {value(last)}, {absoluteLabel(at(cells.times[box.times[0]]!), at(cells.times[box.times[1]]! + cells.step_ms), zone)}
      </span>
      <span className="heatmap-acts">
        {onDiffers ? (
          <button type="button" className="button primary small" disabled={count === 0} onClick={() => onDiffers(box)}>
            What differs?
          </button>
        ) : null}
        <WhyBox start={at(cells.times[box.times[0]]!)} end={at(cells.times[box.times[1]]! + cells.step_ms)} />
        <button type="button" className="button quiet small" onClick={onClear}>
          Clear
        </button>
      </span>
    </p>
  );
}
