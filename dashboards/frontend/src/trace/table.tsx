// The trace as a table: the same rows as the waterfall, as text.
import * as React from "react";

import { formatDuration } from "../core/format.ts";
import { TableHead } from "../core/table.tsx";
import { useBox } from "../issues/watch.ts";
import type { Scene } from "./draw.ts";
import { isFailure } from "./model.ts";
import { shownRows } from "./view.ts";

const ROW = 28;

/** The status, and the error events that happened in the span. */
function statusText(scene: Scene, row: number): string {
  const errors = scene.errors.get(row)?.length ?? 0;
  const status = (scene.columns.status[row] ?? "").slice(0, 40);
  return errors === 0 ? status : `${status}, ${errors} ${errors === 1 ? "error" : "errors"}`;
}

interface SpanTableProps {
  scene: Scene;
  choose: (row: number) => void;
  need: (rows: Iterable<number>) => void;
}

export function SpanTable({ scene, choose, need }: SpanTableProps): React.ReactElement {
  const box = useBox();
  const { columns, tree, rows } = scene;
  const { first, last } = shownRows(box.top, box.height, ROW, rows.length, 8);
  React.useEffect(() => need(rows.subarray(first, last)));
  return (
    <div ref={box.ref} className="span-table" tabIndex={0} role="region" aria-label="Spans as a table">
      <table className="plain" aria-rowcount={rows.length + 1}>
        <TableHead texts={["Operation", "Description", "Service", "Status"]} numbers={["Starts", "Duration", "Self"]} />
        <tbody>
          {first > 0 ? <tr aria-hidden="true" style={{ height: first * ROW }} /> : null}
          {Array.from(rows.subarray(first, last), (row, i) => {
            if (!tree.known[row]) {
              return (
                <tr key={row} aria-rowindex={first + i + 2} aria-busy="true" style={{ height: ROW }}>
                  <td colSpan={7} className="muted">
                    …
                  </td>
                </tr>
              );
            }
            const group = scene.groups.get(row);
            return (
              <tr key={row} aria-rowindex={first + i + 2} className={row === scene.chosen ? "chosen" : ""} style={{ height: ROW }} onClick={() => choose(row)}>
                <td style={{ paddingLeft: 10 + Math.min(tree.depth[row]!, 12) * 10 }}>
                  <button type="button" className="link-button" onClick={() => choose(row)}>
                    <bdi>{`${group ? `${group.count} × ` : ""}${(columns.op[row] || "span").slice(0, 80)}`}</bdi>
                  </button>
                </td>
                <td className="truncate" title={columns.description[row]}>
                  <bdi>{(columns.description[row] ?? "").slice(0, 300)}</bdi>
                </td>
                <td className="truncate">
                  <bdi>{(columns.service[row] ?? "").slice(0, 80)}</bdi>
                </td>
                <td className={scene.errors.has(row) || isFailure(columns.status[row] ?? "") ? "bad truncate" : "truncate"}>{statusText(scene, row)}</td>
                <td className="number">{formatDuration(columns.start_ns[row] ?? 0)}</td>
                <td className="number">{formatDuration(group ? group.total_ns : (columns.duration_ns[row] ?? 0))}</td>
                <td className="number">{formatDuration(columns.self_ns[row] ?? 0)}</td>
              </tr>
            );
          })}
          {last < rows.length ? <tr aria-hidden="true" style={{ height: (rows.length - last) * ROW }} /> : null}
        </tbody>
      </table>
    </div>
  );
}
