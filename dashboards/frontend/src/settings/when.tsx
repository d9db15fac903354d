// A moment as the time passed since, or left; the exact one on hover.
import * as React from "react";
import { formatTime } from "../core/time.ts";
import { useZone } from "../core/zone.ts";
import { passed } from "./passed.ts";

const TICK_MS = 20_000;

export function When({ at }: { at: string }): React.ReactElement {
  const zone = useZone();
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={`${formatTime(at, zone)} ${zone === "utc" ? "UTC" : ""}`.trim()} className="when">
      {passed(at, Math.max(now, Date.now()))}
    </time>
  );
}
