// The document of GET /api/v1/services/map, and what is drawn of it. Pure: no DOM, no fetch.

export interface Calls {
  calls: number;
  failed: number;
  p50_ns: number;
  p95_ns: number;
}

export type NodeKind = "service" | "database" | "cache" | "queue";

export interface MapNode extends Calls {
  name: string;
  kind: NodeKind;
  layer: number;
  at: number;
}

export interface MapEdge extends Calls {
  source: string;
  target: string;
}

export interface MapDocument {
  seconds: number;
  truncated: boolean;
  nodes: MapNode[];
  edges: MapEdge[];
}

export const NODE = { width: 176, height: 58 };
const GAP = { x: 110, y: 26 };
const MARGIN = 24;

export interface Spot {
  node: MapNode;
  x: number;
  y: number;
}

export interface Drawing {
  width: number;
  height: number;
  spots: Map<string, Spot>;
}

/** Where nodes are drawn, in pixels: layers from left to right, each centred. */
export function drawing(nodes: readonly MapNode[]): Drawing {
  const layers = Math.max(0, ...nodes.map(({ layer }) => layer)) + 1;
  const most = Math.max(0, ...nodes.map(({ at }) => Math.abs(at)));
  const step = { x: NODE.width + GAP.x, y: NODE.height + GAP.y };
  const height = most * 2 * step.y + NODE.height + MARGIN * 2;
  const spots = new Map(nodes.map((node) => [node.name, { node, x: MARGIN + node.layer * step.x, y: height / 2 + node.at * step.y - NODE.height / 2 }]));
  return { width: layers * step.x - GAP.x + MARGIN * 2, height, spots };
}

/** The curve of a call: out at the right, in at the left; back in a bow below both. */
export function curve(from: Spot, to: Spot): string {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  if (x2 > x1) {
    const bend = Math.max(30, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 7} ${y2}`;
  }
  const low = Math.max(from.y, to.y) + NODE.height + 22;
  return `M${from.x + NODE.width / 2} ${from.y + NODE.height}C${from.x + NODE.width / 2} ${low} ${to.x + NODE.width / 2} ${low} ${to.x + NODE.width / 2} ${to.y + NODE.height + 7}`;
}

/** Services within so many calls of one, in either direction. */
export function within(edges: readonly MapEdge[], name: string, hops: number): Set<string> {
  const found = new Set([name]);
  for (let hop = 0; hop < hops; hop += 1) {
    const reached = edges.filter(({ source, target }) => found.has(source) !== found.has(target));
    for (const { source, target } of reached) found.add(source).add(target);
  }
  return found;
}

/** The share of calls that failed. */
export function errorRate({ calls, failed }: Calls): number {
  return calls === 0 ? 0 : failed / calls;
}

export type Health = "good" | "some" | "bad";

/** From one call in a hundred on there is something to look at, from one in twenty on it is bad. */
export function healthOf(calls: Calls): Health {
  const rate = errorRate(calls);
  return rate >= 0.05 ? "bad" : rate >= 0.01 ? "some" : "good";
}

/** Calls each second, minute or hour: the unit in which there is at least one. */
export function rateText(calls: number, seconds: number): string {
  const each = calls / Math.max(seconds, 1);
  const [value, unit] = each >= 1 ? [each, "s"] : each * 60 >= 1 ? [each * 60, "min"] : [each * 3600, "h"];
  return `${Number(value.toPrecision(3))}/${unit}`;
}

/** How thick a call is drawn: by the order of magnitude. */
export function thickness(calls: number): number {
  return Math.min(6, 1 + Math.log10(Math.max(1, calls)) * 0.8);
}

/** The Discover text of a service's requests. */
export function serviceQuery(name: string): string {
  const quoted = `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return `from transactions (service:${quoted} OR project:${quoted})`;
}

/** The Discover text of the spans that called a database, a cache or a queue. */
export function storeQuery(node: Pick<MapNode, "kind" | "name">): string {
  const ops = { database: "db, db.*", cache: "cache, cache.*", queue: "queue, queue.*, messaging, messaging.*", service: "" }[node.kind];
  return `from spans span.op:[${ops}] | summarize n=count(), failed=failure_count(), p95=p95(span.duration) by service, span.description | sort n desc`;
}
