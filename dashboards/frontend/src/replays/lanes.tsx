// The time line of a replay: one lane for each kind of thing that happened, the place one is at, and where nothing happened.
// The list beside it says the same as text.
import * as React from "react";

import { useBox } from "../issues/watch.ts";
import { prepare, useFrame, usePalette } from "../trace/canvas.ts";
import { clock, LANES, type Lane, type Mark, type Timeline } from "./model.ts";

export const LANE_NAMES: Readonly<Record<Lane, string>> = { errors: "Errors", clicks: "Clicks", pages: "Pages", network: "Network", console: "Console", vitals: "Vitals" };

const LANE = 22;
const HEAD = 20;
const NAMES = 76;
const NEAR = 6;

interface Props {
  timeline: Timeline;
  /** Milliseconds since the beginning. */
  at: number;
  seek: (at: number) => void;
}

export function Lanes({ timeline, at, seek }: Props): React.ReactElement {
  const box = useBox();
  const palette = usePalette();
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = React.useState<Mark | null>(null);
  const shown = LANES.filter((lane) => timeline.marks.some((mark) => mark.lane === lane));
  const height = HEAD + Math.max(1, shown.length) * LANE + 4;
  const width = Math.max(1, box.width - NAMES - 12);
  const whole = Math.max(1, timeline.duration);
  const x = (ms: number): number => NAMES + (Math.min(ms, whole) / whole) * width;
  const redraw = useFrame(() => {
    const context = canvas.current && box.width > 0 ? prepare(canvas.current, box.width, height) : null;
    if (!context) return;
    context.clearRect(0, 0, box.width, height);
    context.font = `11px ${palette.font}`;
    context.textBaseline = "middle";
    context.fillStyle = palette.hover;
    for (const [from, to] of timeline.idle) context.fillRect(x(from), HEAD, x(to) - x(from), height - HEAD);
    const steps = Math.max(1, Math.min(8, Math.floor(width / 90)));
    context.fillStyle = palette.ink3;
    for (let i = 0; i <= steps; i += 1) {
      context.textAlign = i === 0 ? "left" : i === steps ? "right" : "center";
      context.fillText(clock((whole * i) / steps), NAMES + (width * i) / steps, HEAD / 2);
    }
    context.textAlign = "left";
    shown.forEach((lane, row) => {
      const middle = HEAD + row * LANE + LANE / 2;
      context.fillStyle = palette.ink2;
      context.fillText(LANE_NAMES[lane], 8, middle);
      context.fillStyle = palette.border;
      context.fillRect(NAMES, middle + LANE / 2, width, 1);
      for (const mark of timeline.marks) if (mark.lane === lane) drawMark(context, mark, x(mark.at), x(mark.until), middle, palette);
    });
    context.fillStyle = palette.accent;
    context.fillRect(x(at) - 1, HEAD - 6, 2, height - HEAD + 6);
  });
  React.useLayoutEffect(redraw);
  const placeOf = (event: React.PointerEvent): readonly [number, number] => {
    const rect = event.currentTarget.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  };
  const markAt = (event: React.PointerEvent): Mark | null => {
    const [left, top] = placeOf(event);
    const lane = shown[Math.floor((top - HEAD) / LANE)];
    const near = timeline.marks.filter((mark) => mark.lane === lane && left >= x(mark.at) - NEAR && left <= x(mark.until) + NEAR);
    return near.sort((a, b) => Math.abs(x(a.at) - left) - Math.abs(x(b.at) - left))[0] ?? null;
  };
  const go = (event: React.PointerEvent): void => {
    const mark = markAt(event);
    const [left] = placeOf(event);
    if (mark) seek(mark.at);
    else if (left >= NAMES) seek(((left - NAMES) / width) * whole);
  };
  const keys = (event: React.KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowLeft: -5000, ArrowRight: 5000, PageUp: -30_000, PageDown: 30_000, Home: -whole, End: whole };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    seek(Math.min(whole, Math.max(0, at + step)));
  };
  return (
    <div
      ref={box.ref}
      className="replay-lanes"
      style={{ height }}
      role="slider"
      tabIndex={0}
      aria-label="Time line of the recording"
      aria-valuemin={0}
      aria-valuemax={Math.round(whole / 1000)}
      aria-valuenow={Math.round(at / 1000)}
      aria-valuetext={`${clock(at)} of ${clock(whole)}`}
      title={hovered ? `${clock(hovered.at)} ${hovered.text}` : undefined}
      onKeyDown={keys}
      onPointerMove={(event) => setHovered(markAt(event))}
      onPointerLeave={() => setHovered(null)}
      onPointerDown={go}
    >
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}

function drawMark(context: CanvasRenderingContext2D, mark: Mark, from: number, to: number, middle: number, palette: ReturnType<typeof usePalette>): void {
  context.fillStyle = mark.level === "error" ? palette.error : mark.level === "warn" ? palette.accent : palette.services[mark.lane.length % palette.services.length]!;
  if (mark.lane === "errors" || mark.level === "error") {
    // A cross, so that a failure is told apart without its colour.
    context.save();
    context.translate(from, middle);
    context.rotate(Math.PI / 4);
    context.fillRect(-6, -1.5, 12, 3);
    context.fillRect(-1.5, -6, 3, 12);
    context.restore();
  } else if (to - from > 4) context.fillRect(from, middle - 4, to - from, 8);
  else {
    context.beginPath();
    context.arc(from, middle, 4, 0, 2 * Math.PI);
    context.fill();
  }
}
