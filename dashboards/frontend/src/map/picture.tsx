// The map as a picture: services as boxes, calls as curves. SVG of our own: text stays text, and every box is a button.
import * as React from "react";

import { formatDuration, formatRatio } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { curve, drawing, errorRate, healthOf, type MapDocument, type MapEdge, type MapNode, NODE, rateText, type Spot, thickness } from "./model.ts";

interface PictureProps {
  map: MapDocument;
  found: ReadonlySet<string> | null;
  chosen: string;
  choose: (name: string) => void;
}

export function Picture({ map, found, chosen, choose }: PictureProps): React.ReactElement {
  const drawn = React.useMemo(() => drawing(map.nodes), [map.nodes]);
  const touches = (edge: MapEdge): boolean => chosen === "" || edge.source === chosen || edge.target === chosen;
  return (
    <div className="map-box" data-testid="map">
      <svg width={drawn.width} height={drawn.height} role="group" aria-label={`${map.nodes.length} services and ${map.edges.length} calls; Table shows the same as text`}>
        <defs>
          {["good", "some", "bad"].map((health) => (
            <marker key={health} id={`map-arrow-${health}`} viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path className={`map-arrow ${health}`} d="M0 0 8 4 0 8Z" />
            </marker>
          ))}
        </defs>
        <g aria-hidden="true">
          {map.edges.map((edge) => {
            const [from, to] = [drawn.spots.get(edge.source), drawn.spots.get(edge.target)];
            if (!from || !to) return null;
            const health = healthOf(edge);
            return (
              <path
                key={`${edge.source}\u0000${edge.target}`}
                className={`map-edge ${health}${touches(edge) ? "" : " dim"}`}
                d={curve(from, to)}
                strokeWidth={thickness(edge.calls)}
                markerEnd={`url(#map-arrow-${health})`}
              >
                <title>{`${edge.source} → ${edge.target}: ${told(edge, map.seconds)}`.slice(0, 400)}</title>
              </path>
            );
          })}
        </g>
        {[...drawn.spots.values()].map((spot) => (
          <Box key={spot.node.name} spot={spot} seconds={map.seconds} chosen={spot.node.name === chosen} dim={found !== null && !found.has(spot.node.name)} choose={choose} />
        ))}
      </svg>
    </div>
  );
}

function told(calls: Pick<MapNode, "calls" | "failed" | "p50_ns" | "p95_ns">, seconds: number): string {
  return `${rateText(calls.calls, seconds)}, ${formatRatio(Number(errorRate(calls).toPrecision(2)))} failed, 95% within ${formatDuration(calls.p95_ns)}`;
}

interface BoxProps {
  spot: Spot;
  seconds: number;
  chosen: boolean;
  dim: boolean;
  choose: (name: string) => void;
}

function Box({ spot: { node, x, y }, seconds, chosen, dim, choose }: BoxProps): React.ReactElement {
  const health = healthOf(node);
  return (
    <foreignObject x={x} y={y} width={NODE.width} height={NODE.height} className={dim ? "dim" : ""}>
      <button type="button" className={`map-node ${health}${node.kind === "service" ? "" : " store"}`} aria-pressed={chosen} title={`${node.name}: ${node.calls > 0 ? told(node, seconds) : "only calls"}`.slice(0, 400)} onClick={() => choose(node.name)}>
        <b>
          {node.kind === "service" ? null : <Icon name={node.kind} label={node.kind} />}
          {health === "good" ? null : <span aria-hidden="true">⚠ </span>}
          <bdi>{node.name.slice(0, 60) || "(no name)"}</bdi>
        </b>
        <span>
          {node.calls > 0 ? `${rateText(node.calls, seconds)} · ${formatDuration(node.p95_ns)} · ${formatRatio(Number(errorRate(node).toPrecision(2)))}` : "only calls"}
          {node.calls > 0 ? <span className="visually-hidden"> failed</span> : null}
        </span>
      </button>
    </foreignObject>
  );
}
