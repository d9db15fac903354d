// The grid panels lie on. While one edits, they are moved and sized by dragging, or by arrow keys on their handles.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { say } from "../core/toast.ts";
import { useBox } from "../issues/watch.ts";
import { type Box, placedAt, placeWords, reading, resized, rowsOf, settled, stepped, type Way } from "./layout.ts";
import { COLUMNS, type Panel } from "./model.ts";

export const ROW_PX = 44;
export const GAP_PX = 12;
const NARROW_PX = 720;

interface Props {
  panels: readonly Panel[];
  editing: boolean;
  onLayout: (panels: Panel[]) => void;
  children: (panel: Panel, grip: React.ReactNode) => React.ReactNode;
}

interface Drag {
  id: string;
  kind: "move" | "size";
  /** Where the pointer went down, and the box as it was. */
  x: number;
  y: number;
  box: Box;
}

const WAYS: Record<string, Way> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function BoardGrid({ panels, editing, onLayout, children }: Props): React.ReactElement {
  const box = useBox();
  const [drag, setDrag] = React.useState<Drag | null>(null);
  const [draft, setDraft] = React.useState<Panel[] | null>(null);
  const width = box.width || 1200;
  const narrow = width < NARROW_PX;
  const unit = (width + GAP_PX) / COLUMNS;
  const shown = draft ?? settled(panels);
  const acting = editing && !narrow;

  const onPointerMove = (event: React.PointerEvent): void => {
    if (!drag) return;
    const dx = Math.round((event.clientX - drag.x) / unit);
    const dy = Math.round((event.clientY - drag.y) / (ROW_PX + GAP_PX));
    const base = settled(panels);
    setDraft(drag.kind === "move" ? placedAt(base, drag.id, drag.box.x + dx, Math.max(0, drag.box.y + dy)) : resized(base, drag.id, drag.box.w + dx, drag.box.h + dy));
  };
  const finish = (keep: boolean): void => {
    if (drag && draft && keep) {
      onLayout(draft);
      announce(draft, drag.id);
    }
    setDrag(null);
    setDraft(null);
  };
  const begin = (id: string, kind: Drag["kind"]) => (event: React.PointerEvent<HTMLElement>): void => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ id, kind, x: event.clientX, y: event.clientY, box: settled(panels).find((one) => one.id === id)! });
  };
  const byKeys = (id: string, kind: Drag["kind"]) => (event: React.KeyboardEvent): void => {
    if (event.key === "Escape" && drag) return finish(false);
    const way = WAYS[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const base = settled(panels);
    const own = base.find((one) => one.id === id)!;
    const grown = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[way] as [number, number];
    const next = kind === "size" || event.shiftKey ? resized(base, id, own.w + grown[0], own.h + grown[1]) : stepped(base, id, way);
    onLayout(next);
    announce(next, id);
  };
  const handlers = (id: string, kind: Drag["kind"]) => ({
    onPointerDown: begin(id, kind),
    onPointerMove,
    onPointerUp: () => finish(true),
    onPointerCancel: () => finish(false),
    onKeyDown: byKeys(id, kind),
  });
  // In the order one reads them, so that Tab goes where the eye goes; by name, so that moving keeps the focus.
  const order = reading(shown);
  const height = rowsOf(shown) * (ROW_PX + GAP_PX);
  return (
    <div className={acting ? "board-grid editing" : "board-grid"} ref={box.ref} style={narrow ? undefined : { height }} data-testid="board-grid">
      {order.map((panel) => (
        <div
          key={panel.id}
          className={drag?.id === panel.id ? "board-cell dragged" : "board-cell"}
          style={narrow ? { height: panel.h * (ROW_PX + GAP_PX) - GAP_PX } : cellStyle(panel, unit)}
          data-panel={panel.id}
        >
          {children(
            panel,
            acting ? (
              <button type="button" className="board-grip" aria-label={`Move ${panel.title || "Untitled"}: ${placeWords(panel)}`} title="Drag, or arrow keys; with Shift they change the size" {...handlers(panel.id, "move")}>
                <Icon name="layers" />
              </button>
            ) : null,
          )}
          {acting ? <button type="button" className="board-corner" aria-label={`Size of ${panel.title || "Untitled"}: ${panel.w} wide, ${panel.h} high`} title="Drag, or arrow keys" {...handlers(panel.id, "size")} /> : null}
        </div>
      ))}
    </div>
  );
}

function cellStyle(panel: Box, unit: number): React.CSSProperties {
  return {
    position: "absolute",
    left: panel.x * unit,
    top: panel.y * (ROW_PX + GAP_PX),
    width: panel.w * unit - GAP_PX,
    height: panel.h * (ROW_PX + GAP_PX) - GAP_PX,
  };
}

function announce(panels: readonly Panel[], id: string): void {
  const own = panels.find((one) => one.id === id);
  if (own) say(`${own.title || "Untitled"}: ${placeWords(own)}`);
}
