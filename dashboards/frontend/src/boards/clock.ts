// When a dashboard looks at the data again: every so often, but not in a tab nobody sees.
import * as React from "react";
import { untilDue } from "./time.ts";

/** The moment panels look back from, and a way to look again at once. */
export function useMoment(every_s: number, key: string): [number, () => void] {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => setNow(Date.now()), [key]);
  React.useEffect(() => {
    if (!every_s) return undefined;
    let timer = 0;
    const wait = () => {
      window.clearTimeout(timer);
      if (document.visibilityState === "hidden") return;
      timer = window.setTimeout(() => setNow(Date.now()), untilDue(now, every_s * 1000, Date.now()));
    };
    wait();
    document.addEventListener("visibilitychange", wait);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", wait);
    };
  }, [every_s, now]);
  return [now, () => setNow(Date.now())];
}
