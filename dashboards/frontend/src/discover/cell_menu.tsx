// What one can do with a cell: change the query by it, copy it, open what it names.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { moveByKeys } from "../core/menu.tsx";
import { toast } from "../core/toast.ts";
import { navigate } from "../core/url.ts";
import { useZone } from "../core/zone.ts";
import { cellText, copyText, isNumeric, toJson } from "./cells.ts";
import type { CellPlace } from "./grid.lazy.ts";
import { targetsOf } from "./links.ts";
import type { Change, Column } from "./model.ts";

interface Props {
  place: CellPlace;
  columns: readonly Column[];
  onChange: (change: Change) => void;
  onHeatmap: ((field: string) => void) | null;
  onClose: () => void;
}

const WIDTH = 260;
const HEIGHT = 280;

/** The focus goes into the menu and back; a click elsewhere or scrolling closes it. */
function useMenuLife(panel: React.RefObject<HTMLDivElement>, place: CellPlace, onClose: () => void): void {
  React.useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    panel.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!panel.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("scroll", outside, true);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("scroll", outside, true);
      before?.focus?.({ preventScroll: true });
    };
  }, [panel, place, onClose]);
}

export function CellMenu({ place, columns, onChange, onHeatmap, onClose }: Props): React.ReactElement | null {
  const panel = React.useRef<HTMLDivElement>(null);
  const zone = useZone();
  const column = columns[place.column];
  useMenuLife(panel, place, onClose);
  if (!column) return null;
  const value = place.row[place.column] ?? null;
  const plain = value === null || typeof value !== "object";
  const act = (change: Change) => {
    onClose();
    onChange(change);
  };
  const left = Math.max(8, Math.min(place.x, window.innerWidth - WIDTH - 12));
  const top = Math.max(8, Math.min(place.y + 4, window.innerHeight - HEIGHT - 12));
  return (
    <div
      className="menu cell-menu"
      role="menu"
      aria-label={`Cell of ${column.name}`}
      ref={panel}
      style={{ left, top, width: WIDTH }}
      onKeyDown={(event) => {
        if (event.key === "Escape" || event.key === "Tab") onClose();
        moveByKeys(event, panel.current);
      }}
    >
      <p className="label truncate" title={copyText(value)}>
        {column.name}: {cellText(value, column, zone).text}
      </p>
      {targetsOf(columns, place.row, place.column).map((target) => (
        <Item key={target.href} icon="open" label={target.label} run={() => navigate(target.href)} close={onClose} />
      ))}
      {plain ? (
        <Item icon="plus" label="Only this value" run={() => act({ op: "filter", field: column.name, value })} />
      ) : null}
      {plain ? (
        <Item icon="minus" label="Without this value" run={() => act({ op: "exclude", field: column.name, value })} />
      ) : null}
      <Item icon="group" label={`Group by ${column.name}`} run={() => act({ op: "group_by", field: column.name })} />
      {onHeatmap && isNumeric(column) ? <Item icon="dashboards" label={`Heatmap of ${column.name}`} run={() => onHeatmap(column.name)} close={onClose} /> : null}
      <Item icon="copy" label="Copy the value" run={() => void copy(copyText(value), "Value copied.")} close={onClose} />
      <Item
        icon="copy"
        label="Copy the row as JSON"
        run={() => void copy(toJson(columns, [place.row]), "Row copied.")}
        close={onClose}
      />
    </div>
  );
}

function Item(props: {
  icon: React.ComponentProps<typeof Icon>["name"];
  label: string;
  run: () => void;
  close?: () => void;
}): React.ReactElement {
  return (
    <button
      type="button"
      role="menuitem"
      onClick={() => {
        props.close?.();
        props.run();
      }}
    >
      <Icon name={props.icon} />
      <span className="truncate">{props.label}</span>
    </button>
  );
}

/** Copy a text and say so; where the browser refuses, say that. */
export async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast("The browser did not let Amber copy.", { tone: "error", hint: "Copying needs HTTPS or localhost." });
  }
}
