// The whole trace at a glance, with the window one looks at. Drag to choose another window.
import * as React from "react";

import { formatDuration } from "../core/format.ts";
import { useBox } from "../issues/watch.ts";
import { prepare, useFrame } from "./canvas.ts";
import { drawOverview, type Palette, type Scene } from "./draw.ts";
import type { Overview } from "./model.ts";
import { clampWindow, toPixel, toTime, whole, type Window } from "./view.ts";

const HEIGHT = 48;

interface MinimapProps {
  scene: Scene;
  overview: Overview;
  duration_ns: number;
  palette: Palette;
  show: (window: Window) => void;
}

export function Minimap({ scene, overview: lines, duration_ns, palette, show }: MinimapProps): React.ReactElement {
  const box = useBox();
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const drag = React.useRef<{ from: number; window: Window | null } | null>(null);
  const { colours } = scene;
  const { size: rows } = scene.tree;
  const overview = React.useMemo(() => {
    if (box.width === 0) return null;
    const kept = document.createElement("canvas");
    const context = prepare(kept, box.width, HEIGHT);
    if (context) drawOverview(context, lines, colours, { width: box.width, height: HEIGHT, duration_ns, rows }, palette);
    return kept;
  }, [box.width, lines, rows, colours, duration_ns, palette]);
  const redraw = useFrame(() => {
    const context = canvas.current && prepare(canvas.current, box.width, HEIGHT);
    if (!context || !overview) return;
    context.drawImage(overview, 0, 0, box.width, HEIGHT);
    const all = whole(duration_ns);
    const [from, to] = [toPixel(all, box.width, scene.window.from), toPixel(all, box.width, scene.window.to)];
    context.globalAlpha = 0.6;
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, from, HEIGHT);
    context.fillRect(to, 0, box.width - to, HEIGHT);
    context.globalAlpha = 1;
    context.fillStyle = palette.accent;
    if (from > 0) context.fillRect(from - 1, 0, 2, HEIGHT);
    if (to < box.width) context.fillRect(to - 1, 0, 2, HEIGHT);
  });
  React.useLayoutEffect(redraw);

  const timeAt = (event: React.PointerEvent): number => toTime(whole(duration_ns), box.width, event.clientX - event.currentTarget.getBoundingClientRect().left);
  const zoomed = scene.window.to - scene.window.from < whole(duration_ns).to * 0.999;
  const down = (event: React.PointerEvent): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = timeAt(event);
    const inside = zoomed && at > scene.window.from && at < scene.window.to;
    drag.current = { from: at, window: inside ? scene.window : null };
  };
  const move = (event: React.PointerEvent): void => {
    if (!drag.current) return;
    const by = timeAt(event) - drag.current.from;
    const kept = drag.current.window;
    if (kept) show(clampWindow({ from: kept.from + by, to: kept.to + by }, duration_ns));
    else if (Math.abs(by) > duration_ns / 200) show(clampWindow({ from: Math.min(drag.current.from, drag.current.from + by), to: Math.max(drag.current.from, drag.current.from + by) }, duration_ns));
  };
  return (
    <div ref={box.ref} className="minimap">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Overview of ${formatDuration(duration_ns)}; shown are ${formatDuration(scene.window.from)} to ${formatDuration(scene.window.to)}`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={() => {
          drag.current = null;
        }}
        onDoubleClick={() => show(whole(duration_ns))}
      />
    </div>
  );
}
