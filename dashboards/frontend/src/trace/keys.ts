// The keys of the waterfall.
import { type Shortcut, useShortcuts } from "../core/keys.ts";
import { nextOf, step } from "./steps.ts";
import type { TraceState } from "./useTrace.ts";
import { pan, whole, zoom } from "./view.ts";

export function useTraceKeys(state: TraceState): void {
  const { scene, trace } = state;
  const { tree, rows, chosen, window } = scene;
  const marked = scene.kept ? state.matches : state.failures;
  const move = (by: number): void => state.point(step(tree, rows, chosen, by));
  const middle = (window.from + window.to) / 2;
  const zoomBy = (factor: number): void => state.show(zoom(window, factor, middle, trace.duration_ns));
  const left = (): void => {
    if (chosen < 0) return;
    if (!scene.groups.has(chosen) && tree.children[chosen]! > 0 && !scene.folded.has(chosen)) state.fold(chosen);
    else state.point(tree.parent[chosen]!);
  };
  const right = (): void => {
    if (chosen < 0) return;
    if (scene.groups.has(chosen) || scene.folded.has(chosen)) state.fold(chosen);
    else if (tree.children[chosen]! > 0) state.point(chosen + 1);
  };
  const onto = (): void => {
    if (chosen < 0) return;
    const start = scene.columns.start_ns[chosen] ?? 0;
    const length = Math.max(scene.columns.duration_ns[chosen] ?? 0, 1);
    state.show(zoom({ from: start - length * 0.05, to: start + length * 1.05 }, 1, start, trace.duration_ns));
  };
  const open = (event: KeyboardEvent): void => {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>("a, button") : null;
    if (control) control.click();
    else if (chosen >= 0) state.openDrawer();
  };
  const keys: [string, string, Shortcut["run"]][] = [
    ["j", "Next span", () => move(1)],
    ["k", "Previous span", () => move(-1)],
    ["arrowdown", "Next span", () => move(1)],
    ["arrowup", "Previous span", () => move(-1)],
    ["pagedown", "A page further", () => move(20)],
    ["pageup", "A page back", () => move(-20)],
    ["home", "First span", () => state.point(rows[0] ?? -1)],
    ["end", "Last span", () => state.point(rows[rows.length - 1] ?? -1)],
    ["arrowleft", "Fold, or to the parent", left],
    ["arrowright", "Unfold, or to the first child", right],
    ["enter", "Open the span", open],
    ["]", "Next error, or next match of the filter", () => state.point(nextOf(marked, chosen, true))],
    ["[", "Previous error or match", () => state.point(nextOf(marked, chosen, false))],
    ["+", "Zoom in", () => zoomBy(0.5)],
    ["=", "Zoom in", () => zoomBy(0.5)],
    ["-", "Zoom out", () => zoomBy(2)],
    ["f", "Zoom to the span", onto],
    ["0", "The whole trace", () => state.show(whole(trace.duration_ns))],
    ["shift+arrowleft", "Earlier", () => state.show(pan(window, -0.25, trace.duration_ns))],
    ["shift+arrowright", "Later", () => state.show(pan(window, 0.25, trace.duration_ns))],
    ["s", "Group like siblings", () => state.setGrouped(!state.grouped)],
    ["t", "Waterfall or table", () => state.setTable(!state.table)],
    ["escape", "Close the span", state.close],
  ];
  useShortcuts(keys.map(([name, label, run]) => ({ keys: name, label, group: "Trace", run })));
}
