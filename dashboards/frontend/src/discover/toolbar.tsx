// Above the query: data sets, examples, sharing, downloads.
import * as React from "react";
import { useKeyTitle } from "../core/keys.ts";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { formatSearch } from "../core/search.ts";
import { currentUrl, useUrl } from "../core/url.ts";
import { toCsv, toJson } from "./cells.ts";
import { copy } from "./cell_menu.tsx";
import { type Example, Examples } from "./empty.tsx";
import { earlierQueries } from "./history.ts";
import { datasetOf, withDataset } from "./language.ts";
import type { Answer } from "./model.ts";
import { TOOLBAR } from "./slots.tsx";

export interface DatasetName {
  name: string;
  doc: string;
}

interface Props {
  text: string;
  datasets: readonly DatasetName[];
  examples: readonly Example[];
  answer: Answer | null;
  sql: boolean;
  onLanguage: (sql: boolean) => void;
  onText: (text: string) => void;
  /** Whether the builder stands below the text. */
  builder: boolean;
  onBuilder: () => void;
  /** Open and save, which the page brings. */
  children: React.ReactNode;
}

export function Toolbar({ text, datasets, examples, answer, sql, onLanguage, onText, builder, onBuilder, children }: Props): React.ReactElement {
  const keyed = useKeyTitle();
  const dataset = datasetOf(text);
  return (
    <div className="toolbar">
      <div className="language-toggle" role="group" aria-label="Language">
        <button type="button" aria-pressed={!sql} onClick={() => onLanguage(false)}>
          Discover
        </button>
        <button type="button" aria-pressed={sql} title="One SELECT over the data sets, in their physical columns" onClick={() => onLanguage(true)}>
          SQL
        </button>
      </div>
      {sql ? (
        <SqlTables datasets={datasets} />
      ) : (
        <button type="button" className="button quiet small" aria-pressed={builder} title={keyed("The parts of the query to point at", "Discover", "b")} onClick={onBuilder}>
          <Icon name="sidebar" />
          Builder
        </button>
      )}
      <div className="dataset-chips" role="group" aria-label="Data set" hidden={sql}>
        {datasets.map(({ name, doc }) => (
          <button
            key={name}
            type="button"
            className="dataset-chip"
            title={doc}
            aria-pressed={name === dataset}
            disabled={dataset === null}
            onClick={() => onText(withDataset(text, name))}
          >
            {name}
          </button>
        ))}
      </div>
      <span className="spacer" />
      {children}
      <EarlierMenu onText={onText} />
      {TOOLBAR.map((Tool, place) => (
        <Tool key={place} text={text} sql={sql} />
      ))}
      <Menu label={<>Examples <Icon name="chevron" /></>} name="Examples" className="button quiet small" kind="dialog" align="end">
        {(close) => (
          <Examples
            examples={examples}
            onTry={(example) => {
              close();
              onText(example);
            }}
          />
        )}
      </Menu>
      <ShareMenu answer={answer} />
      <DownloadMenu answer={answer} />
    </div>
  );
}

/** The queries one ran, to find one again. */
function EarlierMenu({ onText }: { onText: (text: string) => void }): React.ReactElement {
  const [earlier, setEarlier] = React.useState<readonly string[]>([]);
  const [typed, setTyped] = React.useState("");
  const found = earlier.filter((text) => text.toLowerCase().includes(typed.trim().toLowerCase()));
  return (
    <Menu label={<Icon name="history" />} name="Earlier queries" className="button quiet small icon" kind="dialog" align="end" onOpen={() => (setTyped(""), setEarlier(earlierQueries()))}>
      {(close) => (
        <div className="earlier">
          {earlier.length ? (
            <input type="search" className="menu-find" placeholder="Find an earlier query" aria-label="Find an earlier query" value={typed} onChange={(event) => setTyped(event.target.value)} />
          ) : (
            <p className="label">The queries you run are listed here. They stay in this browser.</p>
          )}
          {found.map((text) => (
            <button key={text} type="button" className="item" title={text} onClick={() => (close(), onText(text))}>
              <code className="truncate">{text}</code>
            </button>
          ))}
          {earlier.length && !found.length ? <p className="label">None matches.</p> : null}
        </div>
      )}
    </Menu>
  );
}

/** What one may select from; the reference has the columns. */
function SqlTables({ datasets }: { datasets: readonly DatasetName[] }): React.ReactElement {
  return (
    <span className="sql-tables muted truncate">
      SELECT from{" "}
      {datasets.map(({ name, doc }, index) => (
        <React.Fragment key={name}>
          {index ? ", " : ""}
          <code title={doc}>{name}</code>
        </React.Fragment>
      ))}
    </span>
  );
}

function ShareMenu({ answer }: { answer: Answer | null }): React.ReactElement {
  const saved = useUrl().state.page.saved;
  const link = (absolute: boolean) => {
    const { pathname, state } = currentUrl();
    const fixed = absolute && answer ? { ...state, range: "", start: answer.meta.start, end: answer.meta.end } : state;
    const moving = state.start ? fixed : { ...fixed, range: fixed.start ? "" : state.range || "24h" };
    return window.location.origin + pathname + formatSearch(moving);
  };
  return (
    <Menu label={<><Icon name="link" /> Share</>} name="Share" className="button quiet small" align="end">
      {(close) => (
        <>
          <button type="button" role="menuitem" disabled={!answer} onClick={() => (close(), void copy(link(true), "Link to exactly this time copied."))}>
            <Icon name="link" />
            Copy a link to exactly this time
          </button>
          <button type="button" role="menuitem" onClick={() => (close(), void copy(link(false), "Link to the moving range copied."))}>
            <Icon name="clock" />
            Copy a link to the range as chosen
          </button>
          {saved ? (
            <button
              type="button"
              role="menuitem"
              onClick={() => (close(), void copy(`${window.location.origin}/app/discover?saved=${saved}`, "Link to the saved query copied."))}
            >
              <Icon name="star" />
              Copy a link to the saved query
            </button>
          ) : null}
        </>
      )}
    </Menu>
  );
}

function save(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function DownloadMenu({ answer }: { answer: Answer | null }): React.ReactElement {
  const name = `amber-${(answer?.meta.end ?? "").slice(0, 16).replace(/[^\d]+/g, "")}`;
  return (
    <Menu label={<Icon name="download" />} name="Download the rows" className="button quiet small icon" align="end">
      {(close) => (
        <>
          <button
            type="button"
            role="menuitem"
            disabled={!answer}
            onClick={() => {
              close();
              if (answer) save(`${name}.csv`, "text/csv;charset=utf-8", toCsv(answer.columns, answer.rows));
            }}
          >
            Download CSV
          </button>
          <button
            type="button"
            role="menuitem"
            disabled={!answer}
            onClick={() => {
              close();
              if (answer) save(`${name}.json`, "application/json", toJson(answer.columns, answer.rows));
            }}
          >
            Download JSON
          </button>
        </>
      )}
    </Menu>
  );
}
