// The waterfall: a canvas that draws what is in sight of a scrolled box, and a mirror of those rows for screen readers.
import * as React from "react";

import { formatDuration } from "../core/format.ts";
import { useBox } from "../issues/watch.ts";
import { prepare, useFrame } from "./canvas.ts";
import { drawScene, foldX, type Palette, ROW, RULER, type Scene } from "./draw.ts";
import { isFailure, positionOf } from "./model.ts";
import { clampWindow, pan, scrollTo, shownRows, toTime, type Window, zoom } from "./view.ts";

export interface WaterfallActs {
  choose: (row: number) => void;
  fold: (row: number) => void;
  show: (window: Window) => void;
  split: (width: number) => void;
  need: (rows: Iterable<number>) => void;
}

interface WaterfallProps {
  scene: Scene;
  duration_ns: number;
  palette: Palette;
  acts: WaterfallActs;
}

/** A press that moved less than this is a click. */
const CLICK_PX = 4;

type Drag = { kind: "mark" | "split"; x: number; moved: boolean };

export function Waterfall({ scene: given, duration_ns, palette, acts }: WaterfallProps): React.ReactElement {
  const box = useBox();
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = React.useState(-1);
  const [marking, setMarking] = React.useState<Window | null>(null);
  const drag = React.useRef<Drag | null>(null);
  const scene = { ...given, hovered, marking };
  const { element } = box;
  const redraw = useFrame(() => {
    if (!canvas.current || !element) return;
    const size = { top: element.scrollTop, width: element.clientWidth, height: element.clientHeight };
    const context = prepare(canvas.current, size.width, size.height);
    if (context) drawScene(context, scene, size, palette);
  });
  React.useLayoutEffect(redraw);
  React.useEffect(() => {
    element?.addEventListener("scroll", redraw, { passive: true });
    return () => element?.removeEventListener("scroll", redraw);
  }, [element, redraw]);
  useChosenInSight(element, given);
  useWheel(element, given, duration_ns, acts.show);

  const place = (event: React.PointerEvent): { x: number; row: number; time: number } => {
    const rect = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - rect.left, event.clientY - rect.top];
    const at = y < RULER || !element ? -1 : Math.floor((y - RULER + element.scrollTop) / ROW);
    const time = toTime(scene.window, rect.width - scene.split, x - scene.split);
    return { x, row: scene.rows[at] ?? -1, time };
  };
  const down = (event: React.PointerEvent): void => {
    if (event.button !== 0) return;
    const { x } = place(event);
    drag.current = { kind: Math.abs(x - scene.split) < 6 ? "split" : "mark", x, moved: false };
    if (event.pointerType === "mouse" && x > scene.split - 6) event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: React.PointerEvent): void => {
    const { x, row, time } = place(event);
    setHovered(row);
    event.currentTarget.classList.toggle("splitting", Math.abs(x - scene.split) < 6);
    const started = drag.current;
    if (!started || event.pointerType !== "mouse") return;
    if (Math.abs(x - started.x) > CLICK_PX) started.moved = true;
    if (!started.moved) return;
    if (started.kind === "split") acts.split(x);
    else if (started.x > scene.split) setMarking({ from: toTime(scene.window, box.width - scene.split, started.x - scene.split), to: time });
  };
  const up = (event: React.PointerEvent): void => {
    const started = drag.current;
    drag.current = null;
    if (marking) {
      acts.show(clampWindow({ from: Math.min(marking.from, marking.to), to: Math.max(marking.from, marking.to) }, duration_ns));
      setMarking(null);
      return;
    }
    const { x, row } = place(event);
    if (!started || started.moved || row < 0) return;
    const fold = foldX(scene.tree, row);
    if ((scene.groups.has(row) || scene.tree.children[row]! > 0) && x >= fold - 6 && x <= fold + 14 && x < scene.split) acts.fold(row);
    else acts.choose(row);
  };
  const { first, last } = shownRows(box.top, box.height - RULER, ROW, scene.rows.length);
  React.useEffect(() => acts.need(scene.rows.subarray(first, last)));
  return (
    <div
      ref={box.ref}
      className="waterfall"
      role="tree"
      tabIndex={0}
      data-testid="waterfall"
      aria-label="Spans of the trace; arrows move and fold, Enter opens, brackets go to errors"
      aria-activedescendant={scene.chosen >= 0 ? `span-${scene.chosen}` : undefined}
    >
      <div className="waterfall-size" style={{ height: scene.rows.length * ROW + RULER }}>
        <canvas ref={canvas} aria-hidden="true" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerLeave={() => setHovered(-1)} />
      </div>
      <Mirror scene={scene} first={first} last={last} />
      <Tip scene={scene} />
    </div>
  );
}

/** The rows in sight as a tree that can be read out; the chosen row is always among them. */
function Mirror({ scene, first, last }: { scene: Scene; first: number; last: number }): React.ReactElement {
  const shown = Array.from(scene.rows.subarray(first, last));
  if (scene.chosen >= 0 && !shown.includes(scene.chosen)) shown.push(scene.chosen);
  return (
    <div className="visually-hidden" role="group">
      {shown.map((row) => (
        <div
          key={row}
          id={`span-${row}`}
          role="treeitem"
          aria-level={scene.tree.depth[row]! + 1}
          aria-selected={row === scene.chosen}
          aria-expanded={scene.groups.has(row) ? false : scene.tree.children[row]! > 0 ? !scene.folded.has(row) : undefined}
        >
          {spanText(scene, row)}
        </div>
      ))}
    </div>
  );
}

/** A span in one sentence. */
export function spanText(scene: Pick<Scene, "columns" | "tree" | "errors" | "groups" | "logs">, row: number): string {
  const { columns, tree } = scene;
  if (!tree.known[row]) return "Loading";
  const group = scene.groups.get(row);
  
  const parts = [
    group ? `${group.count} like spans, ${formatDuration(group.total_ns)} together` : "",
    `${columns.op[row] || "span"} ${(columns.description[row] ?? "").slice(0, 200)}`.trim(),
    columns.service[row] ? `service ${columns.service[row]}` : "",
    formatDuration(columns.duration_ns[row] ?? 0),
    `starts at ${formatDuration(columns.start_ns[row] ?? 0)}`,
    isFailure(columns.status[row] ?? "") ? `failed: ${columns.status[row]}` : "",
    group && group.failed > 0 ? `${group.failed} failed` : "",
    scene.errors.has(row) ? `${scene.errors.get(row)!.length} errors` : "",
    scene.logs.has(row) ? `${scene.logs.get(row)!.length} log records` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** What is under the pointer, in a line at the foot, so that it covers nothing. */
function Tip({ scene }: { scene: Scene }): React.ReactElement | null {
  if (scene.hovered < 0 || scene.hovered >= scene.tree.size) return null;
  return (
    <div className="waterfall-tip" aria-hidden="true">
      <bdi>{spanText(scene, scene.hovered)}</bdi>
    </div>
  );
}

function useChosenInSight(element: HTMLElement | null, scene: Scene): void {
  const { tree, rows, chosen } = scene;
  React.useLayoutEffect(() => {
    if (!element || chosen < 0) return;
    const at = positionOf(tree, rows, chosen);
    if (at >= 0) element.scrollTop = scrollTo(at, element.scrollTop, element.clientHeight - RULER, ROW);
  }, [element, tree, chosen]); // not when rows fold: the reader looks where they clicked
}

/** Ctrl and wheel zooms, a sideways wheel moves in time; the plain wheel scrolls as everywhere. */
function useWheel(element: HTMLElement | null, scene: Scene, duration_ns: number, show: (window: Window) => void): void {
  const newest = React.useRef({ scene, duration_ns, show });
  newest.current = { scene, duration_ns, show };
  React.useEffect(() => {
    const wheel = (event: WheelEvent): void => {
      const { scene: now, duration_ns: length, show: go } = newest.current;
      const rect = element!.getBoundingClientRect();
      const x = event.clientX - rect.left - now.split;
      const width = element!.clientWidth - now.split;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        go(zoom(now.window, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 100), toTime(now.window, width, Math.max(0, x)), length));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        go(pan(now.window, (event.deltaX || event.deltaY) / Math.max(width, 1), length));
      }
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [element]);
}
