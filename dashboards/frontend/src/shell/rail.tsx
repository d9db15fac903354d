// The rail at the left: the pages there are.
import * as React from "react";
import { Icon, type IconName, Mark } from "../core/icons.tsx";
import { useHref } from "../core/url.ts";

export interface NavEntry {
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
  onHelp: () => void;
}

export function Rail({ nav, current, version, onHelp }: Props): React.ReactElement {
  const href = useHref();
  return (
    <nav className="rail" aria-label="Pages">
      <a className="brand" href={href("/app/discover")} aria-label="Amber">
        <Mark />
        <span>Amber</span>
      </a>
      <ul>
        {nav.map((entry) => (
          <li key={entry.name}>
            <a
              href={href(entry.href)}
              aria-current={entry.name === current ? "page" : undefined}
              title={`${entry.label} (${entry.keys})`}
            >
              <Icon name={entry.icon} />
              <span>{entry.label}</span>
            </a>
          </li>
        ))}
      </ul>
      <div className="rail-foot">
        <button type="button" className="button quiet" onClick={onHelp} title="Shortcuts (?)">
          <Icon name="help" />
          <span>Shortcuts</span>
        </button>
        <span className="version muted">{version}</span>
      </div>
    </nav>
  );
}
