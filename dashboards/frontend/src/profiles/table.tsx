// Every function with its own and total weight: the flame graph as a table.
import * as React from "react";

import { formatRatio } from "../core/format.ts";
import { useBox } from "../issues/watch.ts";
import { shownRows } from "../trace/view.ts";
import { weightText } from "./graph.tsx";
import { change, type Frames, type Line, partsOf, top } from "./model.ts";

const ROW = 28;
type Key = "own" | "total" | "change";

interface TopProps {
  frames: Frames;
  names: readonly string[];
  unit: "ns" | "samples";
  found: Uint8Array | null;
  focus: (name: number) => void;
}

export function TopTable({ frames, names, unit, found, focus }: TopProps): React.ReactElement {
  const box = useBox();
  const [key, setKey] = React.useState<Key>("own");
  const all = React.useMemo(() => top(frames, names.length), [frames, names]);
  const lines = React.useMemo(() => sorted(found ? all.filter(({ name }) => found[name] === 1) : all, key, frames), [all, found, key, frames]);
  const { first, last } = shownRows(box.top, box.height, ROW, lines.length, 8);
  const whole = frames.total[0] || 1;
  const other = frames.base?.[0] || 1;
  const head = (name: Key, text: string): React.ReactElement => (
    <th className="number" aria-sort={key === name ? "descending" : undefined}>
      <button type="button" className="link-button" onClick={() => setKey(name)}>
        {text}
        {key === name ? " ↓" : ""}
      </button>
    </th>
  );
  return (
    <div ref={box.ref} className="top-table" tabIndex={0} role="region" aria-label="Functions">
      <table className="plain" aria-rowcount={lines.length + 1}>
        <thead>
          <tr>
            <th>Function</th>
            {head("own", "Self")}
            <th className="number">%</th>
            {head("total", "Total")}
            <th className="number">%</th>
            {frames.base ? head("change", "Self, change") : null}
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr aria-hidden="true" style={{ height: first * ROW }} /> : null}
          {lines.slice(first, last).map((line, i) => {
            const { module, name, file } = partsOf(names[line.name]!);
            const by = line.own / whole - line.baseOwn / other;
            return (
              <tr key={line.name} aria-rowindex={first + i + 2} style={{ height: ROW }}>
                <td className="truncate" title={names[line.name]}>
                  <button type="button" className="link-button" title="Who calls it, and what it calls" onClick={() => focus(line.name)}>
                    <bdi>{name.slice(0, 120) || "(anonymous)"}</bdi>
                  </button>{" "}
                  <bdi className="muted">{`${module} ${file}`.trim().slice(0, 160)}</bdi>
                </td>
                <td className="number">{weightText(line.own, unit)}</td>
                <td className="number">{formatRatio(line.own / whole)}</td>
                <td className="number">{weightText(line.total, unit)}</td>
                <td className="number">{formatRatio(line.total / whole)}</td>
                {frames.base ? (
                  <td className={by > 0.0005 ? "number slower" : by < -0.0005 ? "number faster" : "number"}>
                    {by > 0.0005 ? "▲ " : by < -0.0005 ? "▼ " : ""}
                    {change(line.own / whole, line.baseOwn / other)}
                  </td>
                ) : null}
              </tr>
            );
          })}
          {last < lines.length ? <tr aria-hidden="true" style={{ height: (lines.length - last) * ROW }} /> : null}
        </tbody>
      </table>
      {lines.length === 0 ? <p className="muted flame-none">No function matches.</p> : null}
    </div>
  );
}

function sorted(lines: readonly Line[], key: Key, frames: Frames): Line[] {
  const whole = frames.total[0] || 1;
  const other = frames.base?.[0] || 1;
  const by: Record<Key, (line: Line) => number> = {
    own: ({ own }) => own,
    total: ({ total }) => total,
    change: ({ own, baseOwn }) => Math.abs(own / whole - baseOwn / other),
  };
  return [...lines].sort((a, b) => by[key](b) - by[key](a) || a.name - b.name);
}
