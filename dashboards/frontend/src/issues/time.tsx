// Times as people read them: how long ago, with the exact moment on hover.
import * as React from "react";

import { ago, formatTime } from "../core/time.ts";
import { localZoneName, useZone } from "../core/zone.ts";

/** The exact moment in the zone one reads times in. */
export function useExact(): (time: string) => string {
  const zone = useZone();
  return (time) => (time ? `${formatTime(time, zone, true)} ${zone === "utc" ? "UTC" : localZoneName()}` : "");
}

/** A moment to the millisecond, in full on hover. */
export function Moment({ time }: { time: string }): React.ReactElement {
  const exact = useExact();
  const zone = useZone();
  return (
    <time dateTime={time} title={exact(time)}>
      {formatTime(time, zone)}
    </time>
  );
}

export function Ago({ time, now, label }: { time: string | null; now: number; label: string }): React.ReactElement {
  const exact = useExact();
  return (
    <time dateTime={time ?? undefined} title={time ? `${label}: ${exact(time)}` : label}>
      {time ? ago(time, now) : "–"}
    </time>
  );
}
