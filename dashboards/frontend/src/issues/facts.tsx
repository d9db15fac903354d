// Tables of names and values, and sections that fold.
import * as React from "react";

import { Clip } from "./clip.tsx";
import { safeHref, valueText } from "./stack.ts";

/** Names and values as two columns; nested values as JSON text. */
export function Facts({ rows }: { rows: readonly (readonly [string, unknown])[] }): React.ReactElement {
  return (
    <dl className="facts">
      {rows.map(([name, value], i) => (
        <div key={`${name}-${i}`}>
          <dt title={name}>
            <bdi>{name}</bdi>
          </dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A value as text; web addresses of up to a reasonable length as links that tell the other side nothing. */
export function Value({ value }: { value: unknown }): React.ReactElement {
  if (value === null || value === undefined) return <span className="muted">null</span>;
  const nested = typeof value === "object";
  const text = valueText(value, nested ? 2 : 0);
  const href = text.length < 2000 ? safeHref(text) : null;
  if (href !== null) {
    return (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        <bdi>{text}</bdi>
      </a>
    );
  }
  if (text === "") return <span className="muted">(empty)</span>;
  return <Clip text={text} as={nested ? "pre" : "span"} className={typeof value === "string" ? "" : "mono"} />;
}

interface SectionProps {
  title: string;
  count?: number;
  /** Folded at first. */
  folded?: boolean;
  extra?: React.ReactNode;
  children: React.ReactNode;
}

/** A titled part of the page; one that is `folded` opens on demand. */
export function Section({ title, count, folded, extra, children }: SectionProps): React.ReactElement {
  const heading = (
    <>
      {title}
      {count === undefined ? null : <span className="count">{count}</span>}
    </>
  );
  if (folded) {
    return (
      <details className="event-section card">
        <summary>
          <h2>{heading}</h2>
        </summary>
        <div className="body">{children}</div>
      </details>
    );
  }
  return (
    <section className="event-section card">
      <header>
        <h2>{heading}</h2>
        {extra}
      </header>
      <div className="body">{children}</div>
    </section>
  );
}
