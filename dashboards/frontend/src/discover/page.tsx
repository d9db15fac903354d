// The Discover page: everything on it follows from the address, which holds the query, the scope and the time.
import * as React from "react";
import { post } from "../core/api.ts";
import { formatNumber } from "../core/format.ts";
import { Icon } from "../core/icons.tsx";
import { useShortcuts } from "../core/keys.ts";
import { preload } from "../core/lazy.ts";
import { asProblem } from "../core/problem.ts";
import { apiBody } from "../core/search.ts";
import { useStore } from "../core/store.ts";
import { announceProblem, say } from "../core/toast.ts";
import { changePage, changeUrl, useUrl } from "../core/url.ts";
import { Chart } from "./chart.tsx";
import { Details, MeaningLine, ProgressLine, Warnings } from "./details.tsx";
import { type Example, Failed, NoRows } from "./empty.tsx";
import { FacetsPanel } from "./facets_panel.tsx";
import { rememberQuery } from "./history.ts";
import { type Change, DEFAULT_TEXT, FIRST_ROWS, MORE_ROWS } from "./model.ts";
import { QueryLine } from "./query_line.tsx";
import { Results } from "./results.tsx";
import { ask, cancel, leave, type View, view } from "./run.ts";
import { type DatasetName, Toolbar } from "./toolbar.tsx";

interface Props {
  examples: Example[];
  datasets: DatasetName[];
}

const FACETS_KEY = "amber.facets";
const HERE = /^\/app\/?(discover\/?)?$/;

// The libraries travel while Dash still asks for the page; from elsewhere, going to Discover must not wait for them.
preload(["discover/editor", "discover/chart", "discover/grid"], HERE.test(window.location.pathname) ? "now" : "idle");

export function Discover({ examples, datasets }: Props): React.ReactElement {
  const { state, pathname } = useUrl();
  const shown = useStore(view);
  const here = HERE.test(pathname);
  const text = state.page.q ?? DEFAULT_TEXT;
  const limit = Number(state.page.rows) || FIRST_ROWS;
  const [draft, setDraft] = React.useState(text);
  const [again, setAgain] = React.useState(0);
  const [details, setDetails] = React.useState(false);
  const [facets, setFacets] = React.useState(
    () => window.innerWidth > 900 && window.localStorage.getItem(FACETS_KEY) !== "closed",
  );
  const scope = React.useMemo(() => apiBody(state), [state]);
  const key = JSON.stringify([text, scope, limit]);

  React.useEffect(() => {
    if (!here) return;
    setDraft(text);
    const { question, phase } = view.get();
    const known = question && JSON.stringify([question.text, question.scope, question.limit]) === key;
    // Back on the page with the same question: what is there still stands.
    if (known && again === 0 && phase === "done") return;
    void ask({ text, scope, limit });
  }, [key, again, here]);
  React.useEffect(() => leave, []);
  useSpokenResult(shown);

  const run = (next: string) => {
    const wanted = next.trim() || DEFAULT_TEXT;
    rememberQuery(wanted);
    if (wanted === text) setAgain(again + 1);
    else changePage({ q: wanted, rows: "" });
  };
  const change = async (wanted: Change) => {
    try {
      const { query } = await post<{ query: string }>("query/edit", { query: text, change: wanted, ...scope });
      run(query);
    } catch (error) {
      announceProblem(asProblem(error));
    }
  };
  const toggleFacets = () => {
    window.localStorage.setItem(FACETS_KEY, facets ? "closed" : "open");
    setFacets(!facets);
  };
  useShortcuts([
    { keys: "f", label: "Show or hide the values", group: "Discover", run: toggleFacets },
    { keys: "r", label: "Run again", group: "Discover", run: () => setAgain(again + 1) },
    { keys: "s", label: "SQL and cost", group: "Discover", run: () => setDetails(!details) },
  ]);

  const { answer, problem, phase } = shown;
  const marking = React.useMemo(
    () =>
      problem && shown.question?.text === text && problem.status === 400 && problem.span
        ? { span: problem.span, message: problem.message, suggestion: problem.suggestion }
        : null,
    [problem, shown.question, text],
  );
  return (
    <div className="discover">
      <h1 className="visually-hidden">Discover</h1>
      <div className="ask">
        <Toolbar text={draft} datasets={datasets} examples={examples} answer={answer} onText={run} />
        <QueryLine
          text={text}
          marking={marking}
          running={phase === "running"}
          scope={scope}
          onRun={run}
          onCancel={cancel}
          onDraft={setDraft}
        />
        {phase === "running" && shown.progress ? (
          <ProgressLine progress={shown.progress} />
        ) : answer ? (
          <MeaningLine meta={answer.meta} open={details} onToggle={() => setDetails(!details)} />
        ) : null}
        {details && answer ? <Details meta={answer.meta} /> : null}
        {answer ? <Warnings meta={answer.meta} /> : null}
      </div>
      <Body
        shown={shown}
        examples={examples}
        facets={facets}
        limit={limit}
        onRun={run}
        onAgain={() => setAgain(again + 1)}
        onChange={(wanted) => void change(wanted)}
        onToggleFacets={toggleFacets}
      />
    </div>
  );
}

function Body(props: {
  shown: View;
  examples: Example[];
  facets: boolean;
  limit: number;
  onRun: (text: string) => void;
  onAgain: () => void;
  onChange: (change: Change) => void;
  onToggleFacets: () => void;
}): React.ReactElement {
  const { shown, onChange } = props;
  const { answer, problem, phase } = shown;
  if (problem) return <Failed problem={problem} text={shown.question?.text ?? ""} onRetry={props.onAgain} onRun={props.onRun} />;
  if (phase === "cancelled" && !answer) {
    return (
      <div className="empty">
        <h2>Cancelled</h2>
        <p>The query was stopped before it had an answer.</p>
        <button type="button" className="button" onClick={props.onAgain}>
          Run it again
        </button>
      </div>
    );
  }
  const empty = phase === "done" && answer?.rows.length === 0;
  return (
    <>
      <Chart
        series={shown.series}
        start={answer?.meta.start ?? ""}
        end={answer?.meta.end ?? ""}
        onBrush={(start, end) => changeUrl({ range: "", start, end })}
      />
      <div className={props.facets ? "below with-facets" : "below"}>
        {props.facets ? <FacetsPanel facets={shown.facets} onChange={onChange} /> : null}
        <button
          type="button"
          className="facets-toggle"
          aria-pressed={props.facets}
          title={`${props.facets ? "Hide" : "Show"} the values (f)`}
          aria-label={`${props.facets ? "Hide" : "Show"} the values`}
          onClick={props.onToggleFacets}
        >
          <Icon name={props.facets ? "left" : "right"} />
        </button>
        {empty ? (
          <NoRows examples={props.examples} onTry={props.onRun} />
        ) : answer?.columns.length ? (
          <Results
            answer={answer}
            stale={phase === "running"}
            limit={props.limit}
            onChange={onChange}
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

/** A screen reader hears that an answer came. */
function useSpokenResult(shown: View): void {
  const { phase, answer, problem } = shown;
  React.useEffect(() => {
    if (phase === "done" && answer) say(`${formatNumber(answer.rows.length)} rows`);
    if (phase === "failed" && problem) say(`Error: ${problem.message}`);
    if (phase === "cancelled") say("Cancelled");
  }, [phase, answer, problem]);
}
