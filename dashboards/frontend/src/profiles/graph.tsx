// A flame graph: a canvas that draws what is in sight of a scrolled box, and a mirror for screen readers.
import * as React from "react";

import { formatDuration, formatNumber, formatRatio } from "../core/format.ts";
import { useBox } from "../issues/watch.ts";
import { prepare, useFrame } from "../trace/canvas.ts";
import { drawFlame, type FlamePalette, type FlameScene, frameAt, ROW, spanOf } from "./draw.ts";
import { change, type Frames, shares } from "./model.ts";

interface GraphProps {
  scene: Omit<FlameScene, "hovered" | "zoomed" | "chosen">;
  palette: FlamePalette;
  unit: "ns" | "samples";
  label: string;
  /** Somebody wants the sandwich of a name. */
  focus: (name: number) => void;
  /** Changes to this go back to the whole. */
  reset: number;
}

const MOST_TOLD = 40;

export function FlameGraph({ scene: given, palette, unit, label, focus, reset }: GraphProps): React.ReactElement {
  const box = useBox();
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const [zoomed, setZoomed] = React.useState(0);
  const [chosen, setChosen] = React.useState(0);
  const [hovered, setHovered] = React.useState(-1);
  React.useEffect(() => {
    setZoomed(0);
    setChosen(0);
    setHovered(-1);
  }, [given.placed, reset]);
  const size = given.placed.frames.size;
  const scene: FlameScene = { ...given, zoomed: zoomed < size ? zoomed : 0, chosen: chosen < size ? chosen : 0, hovered };
  const { element } = box;
  const redraw = useFrame(() => {
    if (!canvas.current || !element) return;
    const shape = { top: element.scrollTop, width: element.clientWidth, height: element.clientHeight };
    const context = prepare(canvas.current, shape.width, shape.height);
    if (context) drawFlame(context, scene, shape, palette);
  });
  React.useLayoutEffect(redraw);
  React.useEffect(() => {
    element?.addEventListener("scroll", redraw, { passive: true });
    return () => element?.removeEventListener("scroll", redraw);
  }, [element, redraw]);

  const at = (event: React.PointerEvent): number => {
    const rect = event.currentTarget.getBoundingClientRect();
    return frameAt(scene, event.clientX - rect.left, event.clientY - rect.top + (element?.scrollTop ?? 0), rect.width);
  };
  const zoom = (frame: number): void => {
    if (frame < 0) return;
    setChosen(frame);
    setZoomed(frame === scene.zoomed ? 0 : frame);
  };
  const move = (frame: number): void => {
    if (frame < 0) return;
    setChosen(frame);
    // A frame that is out of sight or too thin to see brings its parent to full width.
    const { left, wide } = spanOf(scene, frame, box.width);
    if (wide < 2 || left + wide < 0 || left > box.width) setZoomed(frame === 0 ? 0 : scene.placed.frames.parent[frame]!);
    const y = scene.placed.depth[frame]! * ROW;
    if (element && (y < element.scrollTop || y + ROW > element.scrollTop + element.clientHeight)) element.scrollTop = Math.max(0, y - element.clientHeight / 2);
  };
  const keys = (event: React.KeyboardEvent): void => {
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(childrenOf(scene, scene.chosen)[0] ?? -1),
      ArrowUp: () => move(scene.placed.frames.parent[scene.chosen]!),
      ArrowLeft: () => move(beside(scene, -1)),
      ArrowRight: () => move(beside(scene, 1)),
      Enter: () => zoom(scene.chosen),
      Escape: () => zoom(0),
    };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    step();
  };
  const told = scene.hovered >= 0 ? scene.hovered : scene.chosen;
  return (
    <div className="flame">
      <div ref={box.ref} className="flame-box" role="tree" tabIndex={0} aria-label={`${label}; arrows move, Enter zooms, Escape shows all`} aria-activedescendant={`${label}-${scene.chosen}`} data-testid="flame" onKeyDown={keys}>
        <div style={{ height: Math.max(given.placed.levels.length * ROW + 4, 1) }}>
          <canvas
            ref={canvas}
            aria-hidden="true"
            onPointerMove={(event) => setHovered(at(event))}
            onPointerLeave={() => setHovered(-1)}
            onPointerUp={(event) => (event.button === 0 ? zoom(at(event)) : undefined)}
            onDoubleClick={() => (scene.placed.frames.name[scene.chosen]! >= 0 ? focus(scene.placed.frames.name[scene.chosen]!) : undefined)}
          />
        </div>
        <Mirror scene={scene} label={label} unit={unit} />
      </div>
      <p className="flame-told">
        <bdi className="mono truncate">{nameOf(scene, told)}</bdi>
        <span className="flame-numbers">{numbersOf(scene.placed.frames, told, unit)}</span>
      </p>
    </div>
  );
}

/** A weight with its unit. */
export function weightText(value: number, unit: "ns" | "samples"): string {
  return unit === "ns" ? formatDuration(value) : `${formatNumber(value)} samples`;
}

function nameOf(scene: FlameScene, frame: number): string {
  const name = scene.placed.frames.name[frame] ?? -1;
  return name < 0 ? "all stacks" : scene.names[name]!;
}

function numbersOf(frames: Frames, frame: number, unit: "ns" | "samples"): string {
  if (frame >= frames.size) return "";
  const { shown, base } = shares(frames, frame);
  const parts = [`${weightText(frames.total[frame]!, unit)} (${formatRatio(shown)})`, `self ${weightText(frames.own[frame]!, unit)}`];
  if (frames.base) parts.push(`before ${formatRatio(base)}`, change(shown, base));
  return parts.join(" · ");
}

function childrenOf(scene: FlameScene, frame: number): number[] {
  const level = scene.placed.levels[scene.placed.depth[frame]! + 1];
  if (!level) return [];
  return Array.from(level.filter((one) => scene.placed.frames.parent[one] === frame)).sort((a, b) => scene.placed.wide[b]! - scene.placed.wide[a]!);
}

/** The next frame of the same depth. */
function beside(scene: FlameScene, by: number): number {
  const level = scene.placed.levels[scene.placed.depth[scene.chosen]!]!;
  return level[level.indexOf(scene.chosen) + by] ?? -1;
}

/** The way to the chosen frame and what it calls, as a tree that can be read out. */
function Mirror({ scene, label, unit }: { scene: FlameScene; label: string; unit: "ns" | "samples" }): React.ReactElement {
  const way: number[] = [];
  for (let at = scene.chosen; at >= 0; at = scene.placed.frames.parent[at]!) way.unshift(at);
  const told = [...way, ...childrenOf(scene, scene.chosen).slice(0, MOST_TOLD)];
  return (
    <div className="visually-hidden" role="group">
      {told.map((frame) => (
        <div key={frame} id={`${label}-${frame}`} role="treeitem" aria-level={scene.placed.depth[frame]! + 1} aria-selected={frame === scene.chosen}>
          {nameOf(scene, frame).slice(0, 200)}, {numbersOf(scene.placed.frames, frame, unit)}
        </div>
      ))}
    </div>
  );
}
