// The bar at the top: which projects, environments and time everything on the page is about, the theme and the account.
import * as React from "react";
import { remove } from "../core/api.ts";
import { Icon, type IconName } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem } from "../core/problem.ts";
import { useStore } from "../core/store.ts";
import { setTheme, type Theme, theme } from "../core/theme.ts";
import { announceProblem } from "../core/toast.ts";
import { EnvironmentMenu, ProjectMenu } from "./scope_menus.tsx";
import type { Me, ProjectName } from "./shell.tsx";
import { ShareMenu } from "./share.tsx";
import { TimeMenu } from "./time_menu.tsx";

/** `shares`: whether links to the page are copied here; Discover knows the time of its answer and does it itself. */
export function Bar({ me, projects, shares }: { me: Me; projects: ProjectName[]; shares: boolean }): React.ReactElement {
  return (
    <header className="bar">
      <div className="bar-scope" role="group" aria-label="Scope">
        <ProjectMenu projects={projects} />
        <EnvironmentMenu />
        <TimeMenu />
      </div>
      {shares ? <ShareMenu /> : null}
      <ThemeMenu />
      <AccountMenu me={me} />
    </header>
  );
}

const THEMES: readonly [Theme, string, IconName][] = [
  ["auto", "As the system", "auto"],
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
];

function ThemeMenu(): React.ReactElement {
  const chosen = useStore(theme);
  const icon = THEMES.find(([value]) => value === chosen)?.[2] ?? "auto";
  return (
    <Menu label={<Icon name={icon} />} name="Theme" className="button quiet icon" align="end">
      {(close) =>
        THEMES.map(([value, label, name]) => (
          <button
            key={value}
            type="button"
            role="menuitemradio"
            aria-checked={value === chosen}
            onClick={() => {
              setTheme(value);
              close();
            }}
          >
            <Icon name={name} />
            {label}
            {value === chosen ? <Icon name="check" /> : null}
          </button>
        ))
      }
    </Menu>
  );
}

async function signOut(): Promise<void> {
  try {
    await remove("session");
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status !== 401) {
      announceProblem(problem);
      return;
    }
  }
  // The next one at this browser need not see what was asked.
  window.localStorage.removeItem("amber.queries");
  window.location.assign("/login");
}

function AccountMenu({ me }: { me: Me }): React.ReactElement {
  return (
    <Menu label={<Icon name="person" />} name={`Account: ${me.name}`} className="button quiet icon" align="end">
      {(close) => (
        <>
          <div className="account">
            <strong>{me.name}</strong>
            {me.email && me.email !== me.name ? <span className="muted">{me.email}</span> : null}
            <span className="muted">{[me.role, me.organisation].filter(Boolean).join(" · ")}</span>
          </div>
          <hr />
          <a role="menuitem" href="/app/settings/account" onClick={close}>
            <Icon name="person" />
            Your account
          </a>
          <button type="button" role="menuitem" onClick={() => void signOut()}>
            <Icon name="out" />
            Sign out
          </button>
        </>
      )}
    </Menu>
  );
}
