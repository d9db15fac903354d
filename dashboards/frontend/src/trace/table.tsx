// The trace as a table: the same rows as the waterfall, as text.
import * as React from "react";

import { formatDuration } from "../core/format.ts";
import { useBox } from "../issues/watch.ts";
import type { Scene } from "./draw.ts";
import { isFailure } from "./model.ts";
import { shownRows } from "./view.ts";

const ROW = 28;

/** The status, and the error events that happened in the span. */
function statusText(scene: Scene, row: number): string {
  const errors = scene.errors.get(row)?.length ?? 0;
  const status = (scene.columns.status[scene.tree.order[row]!] ?? "").slice(0, 40);
  return errors === 0 ? status : `${status}, ${errors} ${errors === 1 ? "error" : "errors"}`;
}

export function SpanTable({ scene, choose }: { scene: Scene; choose: (row: number) => void }): React.ReactElement {
  const box = useBox();
  const { columns, tree, rows } = scene;
  const { first, last } = shownRows(box.top, box.height, ROW, rows.length, 8);
  return (
    <div ref={box.ref} className="span-table" tabIndex={0} role="region" aria-label="Spans as a table">
      <table className="plain" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th>Operation</th>
            <th>Description</th>
            <th>Service</th>
            <th>Status</th>
            <th className="number">Starts</th>
            <th className="number">Duration</th>
            <th className="number">Self</th>
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr aria-hidden="true" style={{ height: first * ROW }} /> : null}
          {Array.from(rows.subarray(first, last), (row, i) => {
            const span = tree.order[row]!;
            return (
              <tr key={row} aria-rowindex={first + i + 2} className={row === scene.chosen ? "chosen" : ""} style={{ height: ROW }} onClick={() => choose(row)}>
                <td style={{ paddingLeft: 10 + Math.min(tree.depth[row]!, 12) * 10 }}>
                  <button type="button" className="link-button" onClick={() => choose(row)}>
                    <bdi>{(columns.op[span] || "span").slice(0, 80)}</bdi>
                  </button>
                </td>
                <td className="truncate" title={columns.description[span]}>
                  <bdi>{(columns.description[span] ?? "").slice(0, 300)}</bdi>
                </td>
                <td className="truncate">
                  <bdi>{(columns.service[span] ?? "").slice(0, 80)}</bdi>
                </td>
                <td className={scene.errors.has(row) || isFailure(columns.status[span] ?? "") ? "bad truncate" : "truncate"}>{statusText(scene, row)}</td>
                <td className="number">{formatDuration(columns.start_ns[span] ?? 0)}</td>
                <td className="number">{formatDuration(columns.duration_ns[span] ?? 0)}</td>
                <td className="number">{formatDuration(columns.self_ns[span] ?? 0)}</td>
              </tr>
            );
          })}
          {last < rows.length ? <tr aria-hidden="true" style={{ height: (rows.length - last) * ROW }} /> : null}
        </tbody>
      </table>
    </div>
  );
}
