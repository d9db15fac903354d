// The Discover page: everything on it follows from the address, which holds the query, the scope and the time.
import * as React from "react";
import { post } from "../core/api.ts";
import { formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { useShortcuts, useKeyTitle } from "../core/keys.ts";
import { preload } from "../core/lazy.ts";
import { asProblem } from "../core/problem.ts";
import { apiBody } from "../core/search.ts";
import { useStore } from "../core/store.ts";
import { announceProblem, say, toast } from "../core/toast.ts";
import { type Address, changePage, changeUrl, currentUrl, onUrl, useUrl } from "../core/url.ts";
import { Builder } from "./builder.tsx";
import type { Outline } from "./builder.ts";
import { Chart } from "./chart.tsx";
import { Details, MeaningLine, ProgressLine, Warnings } from "./details.tsx";
import { type Example, Failed, NoRows } from "./empty.tsx";
import { FacetsPanel } from "./facets_panel.tsx";
import { cellsOf, differs, fieldOf } from "./heatmap.ts";
import { Heatmap } from "./heatmap.tsx";
import { rememberQuery } from "./history.ts";
import { groupsRows, hasOwnRange, heatmapStage, withoutRange } from "./language.ts";
import type { Marking } from "./editor.lazy.ts";
import { type Change, DEFAULT_TEXT, FIRST_ROWS, MORE_ROWS } from "./model.ts";
import { QueryLine } from "./query_line.tsx";
import { Results } from "./results.tsx";
import { type Given, givenOf, missing, pageOf, paramsBody, parametersOf } from "./parameters.ts";
import { ParametersForm } from "./parameters_form.tsx";
import { ask, cancel, leave, type Question, type View, view } from "./run.ts";
import { pageOfSaved, type SavedQuery } from "./saved.ts";
import { SavedLine, useSaved } from "./saved_line.tsx";
import { OpenAndSave, takeSentry } from "./saved_tools.tsx";
import { type DatasetName, Toolbar } from "./toolbar.tsx";

interface Props {
  examples: Example[];
  datasets: DatasetName[];
}

const FRESH_MS = 60_000;
const FACETS_KEY = "amber.facets";
const BUILDER_KEY = "amber.builder";
const HERE = /^\/app\/?(discover\/?)?$/;

// The libraries travel while Dash still asks for the page; from elsewhere, going to Discover must not wait for them.
preload(["discover/editor", "discover/chart", "discover/grid"], HERE.test(window.location.pathname) ? "now" : "idle");

const SQL_TEXT = "SELECT count() AS n FROM errors";

interface Asking {
  text: string;
  sql: boolean;
  /** The parameters of the text, their values, and those that still need one. */
  names: readonly string[];
  given: Record<string, Given>;
  lacking: readonly string[];
  scope: Record<string, string | string[]>;
  limit: number;
  run: (text: string) => void;
  again: () => void;
  change: (change: Change) => void;
  /** Put a stage in the place of the last one, or behind it. */
  stage: (value: string, instead: boolean) => void;
}

interface Named {
  question: Question;
  names: readonly string[];
  given: Record<string, Given>;
  lacking: readonly string[];
  /** Whether it can be asked as it is. */
  stands: boolean;
}

/** The question an address names. One that names a saved query only gets its text in a moment. */
function questionOf({ state, pathname }: Pick<Address, "state" | "pathname">): Named {
  const { page } = state;
  const sql = page.lang === "sql";
  const text = page.q ?? (sql ? SQL_TEXT : DEFAULT_TEXT);
  const given = givenOf(page);
  const names = sql ? [] : parametersOf(text);
  const lacking = missing(names, given);
  const limit = Number(page.rows) || FIRST_ROWS;
  const question: Question = { text, scope: apiBody(state), limit, language: sql ? "sql" : "discover", params: paramsBody(names, given) };
  const waits = !page.q && Boolean(page.saved);
  return { question, names, given, lacking, stands: HERE.test(pathname) && !waits && !lacking.length };
}

/** Whether a question is being asked, or was answered a moment ago: back on the page what is there still stands. */
function isKnown(question: Question): boolean {
  const { question: before, phase, answeredAt } = view.get();
  if (!before || JSON.stringify(before) !== JSON.stringify(question)) return false;
  return phase === "running" || (phase === "done" && Date.now() - answeredAt < FRESH_MS);
}

/** Ask as soon as one goes to the page: its component stands only when the server has said which page it is. */
function askAhead(): void {
  const { question, stands } = questionOf(currentUrl());
  if (stands && !isKnown(question)) void ask(question);
}

onUrl(askAhead);
askAhead();

/** The question of the address: asks it, and changes the address to ask another. */
function useQuestion(): Asking {
  const { state, pathname } = useUrl();
  const { question, names, given, lacking, stands } = React.useMemo(() => questionOf({ state, pathname }), [state, pathname]);
  const { text, scope, limit } = question;
  const sql = question.language === "sql";
  const key = JSON.stringify(question);
  const [again, setAgain] = React.useState(0);
  const forced = React.useRef(0);
  React.useEffect(() => {
    const force = again !== forced.current;
    forced.current = again;
    if (stands && (force || !isKnown(question))) void ask(question);
  }, [key, again, stands]);
  React.useEffect(() => leave, []);
  const run = (next: string) => {
    const wanted = next.trim() || (sql ? SQL_TEXT : DEFAULT_TEXT);
    rememberQuery(wanted);
    if (wanted === text) setAgain(again + 1);
    else changePage({ q: wanted, rows: "" });
  };
  const change = async (wanted: Change) => {
    if (sql) {
      toast("SQL is changed by hand.", { hint: "Pointing at values changes a Discover text." });
      return;
    }
    try {
      const { query } = await post<{ query: string }>("query/edit", { query: text, change: wanted, ...scope });
      run(query);
    } catch (error) {
      announceProblem(asProblem(error));
    }
  };
  const stage = async (value: string, instead: boolean) => {
    try {
      const { stages } = await post<Outline>("query/outline", { query: text });
      const place = Math.max(0, stages.length - (instead ? 1 : 0));
      const { query } = await post<Outline>("query/outline", { query: text, change: { kind: "stage", stage: place, value } });
      run(query);
    } catch (error) {
      announceProblem(asProblem(error));
    }
  };
  return {
    text,
    sql,
    names,
    given,
    lacking,
    scope,
    limit,
    run,
    again: () => setAgain(again + 1),
    change: (wanted) => void change(wanted),
    stage: (value, instead) => void stage(value, instead),
  };
}

/** Whether the values stand beside the rows; the browser remembers. */
function useFacetsShown(): [boolean, () => void] {
  const [shown, setShown] = React.useState(
    () => window.innerWidth > 900 && window.localStorage.getItem(FACETS_KEY) !== "closed",
  );
  const toggle = () => {
    window.localStorage.setItem(FACETS_KEY, shown ? "closed" : "open");
    setShown(!shown);
  };
  return [shown, toggle];
}

/** Whether the builder stands below the text; the browser remembers. */
function useBuilderShown(): [boolean, () => void] {
  const [shown, setShown] = React.useState(() => window.localStorage.getItem(BUILDER_KEY) === "open");
  const toggle = () => {
    window.localStorage.setItem(BUILDER_KEY, shown ? "closed" : "open");
    setShown(!shown);
  };
  return [shown, toggle];
}

/** What to underline in the query: the problem of exactly this text, when it has a place. */
function useMarking(shown: View, text: string): Marking | null {
  const { problem, question } = shown;
  return React.useMemo(
    () =>
      problem?.span && problem.status === 400 && question?.text === text
        ? { span: problem.span, message: problem.message, suggestion: problem.suggestion }
        : null,
    [problem, question, text],
  );
}

/** Switch between the two languages; each keeps the text it had. */
function useLanguages(asking: Asking): (sql: boolean) => void {
  const texts = React.useRef({ discover: DEFAULT_TEXT, sql: SQL_TEXT });
  texts.current[asking.sql ? "sql" : "discover"] = asking.text;
  return (sql) => {
    if (sql === asking.sql) return;
    const q = texts.current[sql ? "sql" : "discover"];
    changePage({ ...pageOf({}, currentUrl().state.page), q, lang: sql ? "sql" : "", saved: "", version: "", rows: "" });
  };
}

export function Discover({ examples, datasets }: Props): React.ReactElement {
  const shown = useStore(view);
  const { state } = useUrl();
  const asking = useQuestion();
  const { text, run } = asking;
  const [draft, setDraft] = React.useState(text);
  const [details, setDetails] = React.useState(false);
  const [facets, toggleFacets] = useFacetsShown();
  const [builder, toggleBuilder] = useBuilderShown();
  const [saved, showSaved] = useSaved(state.page.saved ?? "", state.page.version ?? "", Boolean(state.page.q));
  const setLanguage = useLanguages(asking);
  const tables = React.useMemo(() => datasets.map(({ name }) => name), [datasets]);
  const open = (found: SavedQuery) => {
    showSaved(found);
    changePage(pageOfSaved(found, currentUrl().state.page));
  };
  React.useEffect(() => setDraft(text), [text]);
  useSpokenResult(shown);
  useShortcuts([
    { keys: "f", label: "Show or hide the values", group: "Discover", run: toggleFacets },
    { keys: "r", label: "Run again", group: "Discover", run: asking.again },
    { keys: "s", label: "SQL and cost", group: "Discover", run: () => setDetails(!details) },
    { keys: "b", label: "Show or hide the builder", group: "Discover", run: toggleBuilder },
  ]);
  return (
    <div className="discover">
      <h1 className="visually-hidden">Discover</h1>
      <div className="ask">
        <Toolbar
          text={draft}
          datasets={datasets}
          examples={examples}
          answer={shown.answer}
          sql={asking.sql}
          onLanguage={setLanguage}
          builder={builder}
          onBuilder={toggleBuilder}
          onText={(next) => (asking.sql ? changePage({ q: next, lang: "", rows: "" }) : run(next))}
        >
          <OpenAndSave sql={asking.sql} given={asking.given} draft={draft} saved={saved.state === "known" ? saved.saved : null} onOpen={open} />
        </Toolbar>
        <SavedLine shown={saved} text={draft} onShow={open} onClose={() => changePage({ saved: "", version: "" })} />
        <QueryLine
          text={text}
          marking={useMarking(shown, text)}
          running={shown.phase === "running"}
          scope={asking.scope}
          params={paramsBody(asking.names, asking.given)}
          sql={asking.sql}
          tables={tables}
          onRun={run}
          onCancel={cancel}
          onDraft={setDraft}
          onPaste={takeSentry}
        />
        {builder && !asking.sql ? <Builder text={draft} scope={asking.scope} onRun={run} /> : null}
        <ParametersForm
          names={asking.names}
          given={asking.given}
          declared={saved.state === "known" ? saved.saved.parameters : []}
          onGive={(given) => changePage(pageOf(given, currentUrl().state.page))}
        />
        {asking.lacking.length ? null : <Meaning shown={shown} open={details} onToggle={() => setDetails(!details)} />}
      </div>
      {asking.lacking.length ? (
        <Lacking names={asking.lacking} />
      ) : (
        <Body shown={shown} examples={examples} facets={facets} asking={asking} onToggleFacets={toggleFacets} />
      )}
    </div>
  );
}

function Lacking({ names }: { names: readonly string[] }): React.ReactElement {
  return (
    <div className="empty" data-testid="lacking">
      <h2>This query has parameters</h2>
      <p>
        Give {names.length === 1 ? "a value" : "values"} for{" "}
        {names.map((name, index) => (
          <React.Fragment key={name}>
            {index ? ", " : ""}
            <code>${name}</code>
          </React.Fragment>
        ))}{" "}
        above.
      </p>
    </div>
  );
}

/** Below the query: how far it is, or what it meant and cost. */
function Meaning(props: { shown: View; open: boolean; onToggle: () => void }): React.ReactElement | null {
  const { answer, progress, phase, question } = props.shown;
  if (phase === "running" && progress) return <ProgressLine progress={progress} />;
  if (!answer) return null;
  const { meta } = answer;
  return (
    <>
      <MeaningLine meta={meta} ownRange={hasOwnRange(question?.text ?? "")} open={props.open} onToggle={props.onToggle} />
      {props.open ? <Details meta={meta} /> : null}
      <Warnings meta={meta} />
    </>
  );
}

function Body(props: {
  shown: View;
  examples: Example[];
  facets: boolean;
  asking: Asking;
  onToggleFacets: () => void;
}): React.ReactElement {
  const { shown, asking } = props;
  const { answer, problem, phase } = shown;
  if (problem) return <Failed problem={problem} text={shown.question?.text ?? ""} onRetry={asking.again} onRun={asking.run} />;
  if (phase === "cancelled" && !answer) {
    return (
      <div className="empty">
        <h2>Cancelled</h2>
        <p>The query was stopped before it had an answer.</p>
        <button type="button" className="button" onClick={asking.again}>
          Run it again
        </button>
      </div>
    );
  }
  const empty = answer?.rows.length === 0;
  const facets = props.facets && !asking.sql;
  return (
    <>
      {asking.sql ? null : <Above shown={shown} asking={asking} />}
      <div className={facets ? "below with-facets" : "below"}>
        {facets ? <FacetsPanel facets={shown.facets} onChange={asking.change} /> : null}
        {asking.sql ? null : <FacetsToggle shown={facets} onToggle={props.onToggleFacets} />}
        {empty ? (
          <NoRows examples={props.examples} onTry={asking.run} />
        ) : answer?.columns.length ? (
          <Results
            answer={answer}
            stale={phase === "running"}
            limit={asking.limit}
            onChange={asking.change}
            onHeatmap={asking.sql || groupsRows(shown.question?.text ?? "") ? null : (field) => asking.stage(`heatmap ${field}`, false)}
            onMore={() => changePage({ rows: String(MORE_ROWS) })}
          />
        ) : (
          <div className="results">
            <div className="skeleton table-skeleton" />
          </div>
        )}
      </div>
    </>
  );
}

/** Above the rows: a heatmap as what it is, everything else over time. */
function Above({ shown, asking }: { shown: View; asking: Asking }): React.ReactElement {
  const { answer } = shown;
  const text = shown.question?.text ?? "";
  const stage = heatmapStage(text);
  const cells = React.useMemo(() => (answer && stage ? cellsOf(answer.columns, answer.rows) : null), [answer, stage]);
  const field = stage ? fieldOf(stage) : null;
  if (cells) {
    return <Heatmap cells={cells} stale={shown.phase === "running"} onDiffers={field ? (box) => asking.stage(differs(cells, box, field), true) : null} />;
  }
  return (
    <Chart
      series={shown.series}
      start={answer?.meta.start ?? ""}
      end={answer?.meta.end ?? ""}
      onBrush={(start, end) => zoom(text, start, end)}
      onCompare={groupsRows(text) ? () => asking.stage("compare to previous", false) : null}
    />
  );
}

function FacetsToggle(props: { shown: boolean; onToggle: () => void }): React.ReactElement {
  const keyed = useKeyTitle();
  return (
    <button
      type="button"
      className="facets-toggle"
      aria-pressed={props.shown}
      title={keyed(`${props.shown ? "Hide" : "Show"} the values`, "Discover", "f")}
      aria-label={`${props.shown ? "Hide" : "Show"} the values`}
      onClick={props.onToggle}
    >
      <Icon name={props.shown ? "left" : "right"} />
    </button>
  );
}

/** Show a part of the time; a range in the text would beat the bar, so it goes. */
function zoom(text: string, start: string, end: string): void {
  const free = withoutRange(text);
  if (free === null) {
    toast("The query has a time range of its own.", { hint: "Take it out of the text to zoom by the chart." });
    return;
  }
  const { page } = currentUrl().state;
  changeUrl({ range: "", start, end, ...(free === text ? {} : { page: { ...page, q: free } }) });
}

/** A screen reader hears that an answer came. */
function useSpokenResult(shown: View): void {
  const { phase, answer, problem } = shown;
  React.useEffect(() => {
    if (phase === "done" && answer) say(`${formatNumber(answer.rows.length)} rows`);
    if (phase === "failed" && problem) say(`Error: ${problem.message}`);
    if (phase === "cancelled") say("Cancelled");
  }, [phase, answer, problem]);
}
