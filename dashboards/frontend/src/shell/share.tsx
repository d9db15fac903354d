// Links to what one sees: to exactly this time, or to a range that goes on with the clock.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { DEFAULT_RANGE, formatSearch } from "../core/search.ts";
import { frozen } from "../core/time.ts";
import { currentUrl } from "../core/url.ts";
import { copy } from "../discover/cell_menu.tsx";

/** Copy the address one is at; `exact` fixes both ends of its time, so that others see the same. */
export function copyLink(exact: boolean): Promise<void> {
  const { pathname, state, hash } = currentUrl();
  const moving = state.start ? state : { ...state, range: state.range || DEFAULT_RANGE };
  const shown = exact ? { ...state, ...frozen(state, Date.now()) } : moving;
  return copy(window.location.origin + pathname + formatSearch(shown) + hash, exact ? "Link to exactly this time copied." : "Link to the moving range copied.");
}

export function ShareMenu(): React.ReactElement {
  const one = (exact: boolean, label: string, icon: "link" | "clock", close: () => void) => (
    <button type="button" role="menuitem" onClick={() => (close(), void copyLink(exact))}>
      <Icon name={icon} />
      {label}
    </button>
  );
  return (
    <Menu label={<Icon name="link" />} name="Copy a link" className="button quiet icon" align="end">
      {(close) => (
        <>
          {one(true, "To exactly this time", "link", close)}
          {one(false, "To the range as chosen", "clock", close)}
        </>
      )}
    </Menu>
  );
}
