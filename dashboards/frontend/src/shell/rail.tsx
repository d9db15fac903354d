// The rail at the left: the pages there are, in groups.
import * as React from "react";
import { useKeyTitle } from "../core/keys.ts";
import { Icon, type IconName, Mark } from "../core/icons.tsx";
import { useHref } from "../core/url.ts";

export interface NavEntry {
  group: string;
  name: string;
  label: string;
  href: string;
  icon: IconName;
  keys: string;
}

interface Props {
  nav: NavEntry[];
  /** Name of the page that is shown. */
  current: string;
  version: string;
  onPalette: () => void;
  onHelp: () => void;
}

/** Entries by group, in the order they come. */
function grouped(nav: readonly NavEntry[]): [string, NavEntry[]][] {
  const groups = new Map<string, NavEntry[]>();
  for (const entry of nav) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return [...groups];
}

export function Rail({ nav, current, version, onPalette, onHelp }: Props): React.ReactElement {
  const href = useHref();
  const keyed = useKeyTitle();
  const id = React.useId();
  return (
    <nav className="rail" aria-label="Pages">
      <a className="brand" href={href("/app/discover")} aria-label="Amber">
        <Mark />
        <span>Amber</span>
      </a>
      <button type="button" className="button rail-find" onClick={onPalette} title="Go to or do something (Ctrl K)">
        <Icon name="discover" />
        <span>Go to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="rail-groups">
        {grouped(nav).map(([group, entries], index) => (
          <section key={group} aria-labelledby={entries.length > 1 ? `${id}${index}` : undefined}>
            {entries.length > 1 ? <h2 id={`${id}${index}`}>{group}</h2> : null}
            <ul>
              {entries.map((entry) => (
                <li key={entry.name}>
                  <a href={href(entry.href)} aria-current={entry.name === current ? "page" : undefined} title={keyed(entry.label, "Everywhere", entry.keys)}>
                    <Icon name={entry.icon} />
                    <span>{entry.label}</span>
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <div className="rail-foot">
        <button type="button" className="button quiet" onClick={onHelp} title="Shortcuts (?)" aria-label="Shortcuts">
          <Icon name="keyboard" />
          <span>Shortcuts</span>
        </button>
        <span className="version muted">{version}</span>
      </div>
    </nav>
  );
}
