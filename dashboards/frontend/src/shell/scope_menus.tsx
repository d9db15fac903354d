// Which projects and environments: several of each; none chosen means all.
import * as React from "react";
import { post } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem } from "../core/problem.ts";
import { apiBody } from "../core/search.ts";
import { changeUrl, currentUrl, useUrl } from "../core/url.ts";
import type { ProjectName } from "./shell.tsx";

interface Option {
  value: string;
  label: string;
  note?: string;
}

const FILTER_FROM = 8;

/** Ticks for several values of a list, with a box to find one when the list is long. */
function Choices(props: {
  options: readonly Option[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  all: string;
  find: string;
}): React.ReactElement {
  const { options, chosen, onChange } = props;
  const [filter, setFilter] = React.useState("");
  const wanted = filter.toLowerCase();
  const shown = options.filter((option) => `${option.label} ${option.value}`.toLowerCase().includes(wanted));
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((known) => known !== value) : [...chosen, value]);
  return (
    <>
      {options.length >= FILTER_FROM ? (
        <input
          type="search"
          className="menu-find"
          placeholder={props.find}
          aria-label={props.find}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      ) : null}
      <label className="item">
        <input type="checkbox" checked={!chosen.length} onChange={() => onChange([])} />
        {props.all}
      </label>
      <hr />
      {shown.map((option) => (
        <label className="item" key={option.value} title={option.value}>
          <input type="checkbox" checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} />
          <span className="truncate">{option.label}</span>
          {option.note ? <span className="note muted">{option.note}</span> : null}
        </label>
      ))}
      {shown.length ? null : <p className="label">None matches.</p>}
    </>
  );
}

function summary(chosen: readonly string[], all: string, many: string, names: (value: string) => string): string {
  if (!chosen.length) return all;
  return chosen.length === 1 ? names(chosen[0]!) : `${chosen.length} ${many}`;
}

export function ProjectMenu({ projects }: { projects: ProjectName[] }): React.ReactElement {
  const { state } = useUrl();
  const name = (slug: string) => projects.find((project) => project.slug === slug)?.name ?? slug;
  const shown = summary(state.projects, "All projects", "projects", name);
  return (
    <Menu
      kind="dialog"
      name={`Projects: ${shown}`}
      label={
        <>
          <Icon name="folder" />
          <span className="truncate">{shown}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {() => (
        <Choices
          options={projects.map((project) => ({ value: project.slug, label: project.name }))}
          chosen={state.projects}
          onChange={(chosen) => changeUrl({ projects: chosen })}
          all="All projects"
          find="Find a project"
        />
      )}
    </Menu>
  );
}

type Names = { state: "loading" } | { state: "failed"; text: string } | { state: "known"; options: Option[] };

const ENVIRONMENTS = "from errors | summarize n=count() by environment | sort n desc | limit 100";

export function EnvironmentMenu(): React.ReactElement {
  const { state } = useUrl();
  const [names, setNames] = React.useState<Names>({ state: "loading" });
  const load = async () => {
    setNames({ state: "loading" });
    try {
      const body = apiBody({ ...currentUrl().state, environments: [] });
      const answer = await post<{ rows: [string | null, number][] }>("query", { query: ENVIRONMENTS, ...body });
      const named = answer.rows.filter(([name]) => name);
      const options = named.map(([name, count]) => ({ value: name!, label: name!, note: String(count) }));
      for (const chosen of currentUrl().state.environments) {
        if (!options.some((option) => option.value === chosen)) options.push({ value: chosen, label: chosen, note: "0" });
      }
      setNames({ state: "known", options });
    } catch (error) {
      setNames({ state: "failed", text: asProblem(error).message });
    }
  };
  const shown = summary(state.environments, "All environments", "environments", (name) => name);
  return (
    <Menu
      kind="dialog"
      name={`Environments: ${shown}`}
      onOpen={() => void load()}
      label={
        <>
          <Icon name="layers" />
          <span className="truncate">{shown}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {() => {
        if (names.state === "loading") return <div className="skeleton menu-skeleton" />;
        if (names.state === "failed") return <p className="label">{names.text}</p>;
        return (
          <Choices
            options={names.options}
            chosen={state.environments}
            onChange={(chosen) => changeUrl({ environments: chosen })}
            all="All environments"
            find="Find an environment"
          />
        );
      }}
    </Menu>
  );
}
