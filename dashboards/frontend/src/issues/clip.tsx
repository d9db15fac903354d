// Long texts: shown up to a length, whole on demand.
import * as React from "react";

import { formatShort } from "../core/format.ts";

interface ClipProps {
  text: string;
  /** Characters shown at first. */
  most?: number;
  className?: string;
  as?: "span" | "pre" | "p";
}

/** A text of any length that never makes the page heavy; isolated, so that its direction marks stay its own. */
export function Clip({ text, most = 600, className = "", as = "span" }: ClipProps): React.ReactElement {
  const [whole, setWhole] = React.useState(false);
  const cut = text.length > most && !whole;
  return React.createElement(
    as,
    { className: `${className} clip`.trim() },
    <bdi>{cut ? text.slice(0, most) : text}</bdi>,
    cut ? (
      <>
        …{" "}
        <button type="button" className="link-button" onClick={() => setWhole(true)}>
          show all {formatShort(text.length)} characters
        </button>
      </>
    ) : null,
  );
}
