// Icons as inline SVG: 16 x 16, strokes in the colour of the text.
import * as React from "react";

const PATHS = {
  discover: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.600-1.400L14 14",
  issues: "M8 1.800 14.500 13.500h-13ZM8 6v3.500M8 11.600v.1",
  traces: "M2 3.500h7M5 8h8M8 12.500h6",
  releases: "M8 1.800 13.500 4.800v6.400L8 14.200l-5.500-3V4.800ZM2.500 4.800 8 7.900l5.500-3.100M8 7.900v6.300",
  transactions: "M2 3h5M9 3h5M2 8h9m2 0h1M2 13h3m2 0h7",
  replays: "M2 3.500h12v9H2ZM6.500 6v4l3.500-2Z",
  map: "M3.500 5.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm9 4.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm-8 5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM5.300 4.300l5.500 2.700m-4.600 5 4.600-2.700",
  database: "M2.500 4c0-1.200 2.500-2 5.500-2s5.500.8 5.500 2-2.500 2-5.500 2-5.500-.8-5.500-2Zm0 0v8c0 1.200 2.500 2 5.500 2s5.500-.8 5.500-2V4M2.500 8c0 1.200 2.500 2 5.500 2s5.500-.8 5.500-2",
  cache: "m8.500 1.500-5 8h4l-.500 5 5-8h-4Z",
  queue: "M1.500 5h3.500v6H1.500ZM6.300 5h3.500v6H6.300ZM11 5h3.500v6H11Z",
  service: "M2.500 3h11v10h-11Z",
  profiles: "M2 3h12M2 6.500h8M2 10h5M2 13.500h2.500",
  dashboards: "M2.500 2.500h5v6h-5Zm8 0h3v4h-3Zm0 7h3v4h-3Zm-8 2h5v2h-5Z",
  monitors: "M1.500 8.500h3l2-5 3 9 2-4h3",
  reports: "M3.500 1.500h6.500l3 3v10h-9.500ZM5.500 11V8.500m2.500 2.500V6.500m2.500 4.500V9",
  send: "M14 2 7 9m7-7-4.500 12L7 9 2 6.500Z",
  history: "M2.500 8a5.500 5.500 0 1 0 1.800-4M2.500 2.500v2.800h2.800M8 5v3.200l2 1.300",
  keyboard: "M1.500 4.500h13v7h-13ZM4 7h.1M6.600 7h.1M9.300 7h.1M12 7h.1M5 9.500h6",
  settings: "M2 4.500h6m4 0h2M2 11.500h2m4 0h6M10 6.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6 13.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  check: "m3 8.500 3.200 3.200L13 4.800",
  close: "m4 4 8 8m0-8-8 8",
  chevron: "m4.500 6.500 3.500 3.500 3.500-3.500",
  right: "m6.500 4.500 3.500 3.500-3.500 3.500",
  left: "M9.500 4.500 6 8l3.500 3.500",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9.500V8l2.500 1.500",
  folder: "M2 4.500v8h12v-7H8L6.500 3.500H2Z",
  layers: "m8 2 6 3.200-6 3.200-6-3.200Zm-6 6.200L8 11.400l6-3.200",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0-9.500v1m0 11v1M1.500 8h1m11 0h1M3.400 3.400l.7.7m7.800 7.800.7.7m0-9.200-.7.7m-7.800 7.800-.7.7",
  moon: "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z",
  auto: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12",
  person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.500 6c.6-2.800 2.800-4 5.500-4s4.900 1.200 5.500 4",
  play: "M4.500 3v10l8.500-5Z",
  stop: "M4 4h8v8H4Z",
  link: "M6.500 9.500 9.500 6.500M7 4.500l1.500-1.500a3 3 0 0 1 4.300 4.300L11.300 8.800M9 11.500 7.500 13a3 3 0 0 1-4.300-4.300L4.700 7.200",
  copy: "M5.500 5.500V2.500h8v8h-3M2.500 5.500h8v8h-8Z",
  download: "M8 2v8m0 0 3-3m-3 3L5 7M2.500 13.500h11",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  more: "M3.500 8h.1M8 8h.1M12.500 8h.1",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-6.500V11m0-6v.1",
  menu: "M2.500 4h11M2.500 8h11M2.500 12h11",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.300 6.300a1.700 1.700 0 1 1 2.500 1.500c-.5.3-.8.6-.8 1.200M8 11.200v.1",
  sidebar: "M2.500 3h11v10h-11ZM6 3v10",
  group: "M2.500 3.500h11M5 8h6M6.500 12.500h3",
  out: "M6.500 3H3v10h3.500M10 5l3 3-3 3m3-3H6.500",
  star: "m8 2 1.850 3.900 4.150.550-3.050 2.950.750 4.250L8 11.600l-3.700 2.050.750-4.250L2 6.450l4.150-.550Z",
  open: "M6.500 3.500H3v9.500h9.500V9.500M9.500 2.500h4v4m0-4L7.500 8.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }): React.ReactElement {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden={label ? undefined : true} role={label ? "img" : undefined}>
      {label ? <title>{label}</title> : null}
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of the product: a drop of amber. */
export function Mark(): React.ReactElement {
  return (
    <svg className="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1c3 3.400 5 6 5 8.600a5 5 0 0 1-10 0C3 7 5 4.400 8 1Z" />
      <path className="mark-light" d="M6 9.500c0 1.500.8 2.500 2 2.700" />
    </svg>
  );
}
