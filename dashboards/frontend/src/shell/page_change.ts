// What a browser does by itself when it loads a document, done for pages that change without one: focus and scroll.
import * as React from "react";

const positions = new Map<string, number>();
let byHistory = false;

/** Take over the scroll positions; "back" returns to where one was. */
export function restoreScroll(): void {
  window.history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    byHistory = true;
  });
}

/** On a new page: to the top with the focus on the content, or, after "back", to where one was. */
export function usePageChange(main: React.RefObject<HTMLElement>, pathname: string): void {
  const shown = React.useRef("");
  React.useLayoutEffect(() => {
    const element = main.current;
    if (!element || !pathname) return undefined;
    const first = shown.current === "";
    const changed = shown.current !== pathname;
    shown.current = pathname;
    if (changed && !first) {
      element.scrollTop = byHistory ? (positions.get(pathname) ?? 0) : 0;
      element.focus({ preventScroll: true });
    }
    byHistory = false;
    const remember = () => positions.set(pathname, element.scrollTop);
    element.addEventListener("scroll", remember, { passive: true });
    return () => element.removeEventListener("scroll", remember);
  }, [main, pathname]);
}
