// The visual builder: the parts of the query as chips one changes by pointing. It follows the text, whoever writes it, and
// each change comes back as the text that runs.
import * as React from "react";
import { Latest, post } from "../core/api.ts";
import { Icon } from "../core/icons.tsx";
import { asProblem, isAbort, type Problem } from "../core/problem.ts";
import { asked, completed, contextOf, type Line, linesOf, type Outline, otherStages, type PartChange, type PartKind, turned } from "./builder.ts";
import type { CompletionItem, Completions } from "./model.ts";

interface Props {
  text: string;
  scope: Record<string, string | string[]>;
  onRun: (text: string) => void;
}

/** The parts of a text; those of the text before while a new one is read, and why when it cannot be. */
function useOutline(text: string): { outline: Outline | null; problem: Problem | null } {
  const [outline, setOutline] = React.useState<Outline | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const newest = React.useMemo(() => new Latest(), []);
  React.useEffect(() => {
    newest
      .run((signal) => post<Outline>("query/outline", { query: text }, { signal }))
      .then((found) => {
        if (!found) return;
        setOutline(found);
        setProblem(null);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) setProblem(asProblem(error));
      });
    return () => newest.cancel();
  }, [text, newest]);
  return { outline, problem };
}

type Change = (change: PartChange) => Promise<Problem | null>;

export function Builder({ text, scope, onRun }: Props): React.ReactElement {
  const { outline, problem } = useOutline(text);
  const change: Change = async (wanted) => {
    try {
      const { query } = await post<Outline>("query/outline", { query: text, change: wanted });
      onRun(query);
      return null;
    } catch (error) {
      return asProblem(error);
    }
  };
  if (!outline) {
    return (
      <section className="builder card" aria-label="Builder" aria-busy={!problem}>
        {problem ? <p className="muted">{problem.message}</p> : <div className="skeleton builder-skeleton" />}
      </section>
    );
  }
  return (
    <section className={problem ? "builder card stale" : "builder card"} aria-label="Builder" data-testid="builder">
      {problem ? <p className="warn-text">The text cannot be read yet: {problem.message}</p> : null}
      {linesOf(outline).map((line) => (
        <Row key={line.kind} line={line} outline={outline} scope={scope} change={change} off={problem !== null} />
      ))}
      <div className="builder-row" role="group" aria-label="Then">
        <span className="builder-label">Then</span>
        {otherStages(outline).map(({ stage, place }) => (
          <Chip
            key={`${place} ${stage.text}`}
            text={stage.text}
            context={contextOf({ ...outline, stages: outline.stages.slice(0, place) }, "stage")}
            scope={scope}
            off={problem !== null}
            put={(value) => change({ kind: "stage", stage: place, place: 0, value })}
          />
        ))}
        <Adder
          label="a stage"
          context={contextOf(outline, "stage")}
          scope={scope}
          off={problem !== null}
          put={(value) => change({ kind: "stage", stage: outline.stages.length, place: 0, value })}
        />
      </div>
    </section>
  );
}

const ADDS: Record<PartKind, string> = { term: "a filter", aggregate: "a number", key: "a field", every: "a step, such as 1h", sort: "a column", stage: "a stage" };

function Row(props: { line: Line; outline: Outline; scope: Props["scope"]; change: Change; off: boolean }): React.ReactElement {
  const { line, outline, change } = props;
  const context = contextOf(outline, line.kind);
  const put = (place: number) => (value: string) => change({ kind: line.kind, stage: line.stage, place, value });
  const full = line.kind === "every" && line.parts.length > 0;
  return (
    <div className="builder-row" role="group" aria-label={line.label}>
      <span className="builder-label">{line.label}</span>
      {line.parts.map((part, place) => (
        <Chip key={`${place} ${part}`} text={part} context={context} scope={props.scope} off={props.off} put={put(place)} {...(line.kind === "sort" ? { turn: turned(part) } : {})} />
      ))}
      {line.parts.length ? null : <span className="muted builder-none">{line.none}</span>}
      {full ? null : <Adder label={ADDS[line.kind]} context={context} scope={props.scope} off={props.off} put={put(line.parts.length)} />}
    </div>
  );
}

interface PartProps {
  context: string;
  scope: Props["scope"];
  off: boolean;
  put: (value: string) => Promise<Problem | null>;
}

/** One part: a click writes it anew, the cross takes it away, the arrow of an order turns it round. */
function Chip({ text, turn, ...part }: PartProps & { text: string; turn?: string }): React.ReactElement {
  const [writing, setWriting] = React.useState(false);
  if (writing) return <Writer {...part} initial={text} label={`Change ${text}`} close={() => setWriting(false)} />;
  return (
    <span className="builder-chip">
      <button type="button" className="mono truncate" title={`Change ${text}`} disabled={part.off} onClick={() => setWriting(true)}>
        {text}
      </button>
      {turn ? (
        <button type="button" aria-label={`Sort by ${turn} instead`} title="The other way round" disabled={part.off} onClick={() => void part.put(turn)}>
          {turn.endsWith(" desc") ? "↑" : "↓"}
        </button>
      ) : null}
      <button type="button" aria-label={`Take ${text} away`} title="Take away" disabled={part.off} onClick={() => void part.put("")}>
        <Icon name="close" />
      </button>
    </span>
  );
}

function Adder({ label, ...part }: PartProps & { label: string }): React.ReactElement {
  const [writing, setWriting] = React.useState(false);
  if (writing) return <Writer {...part} initial="" label={`Add ${label}`} close={() => setWriting(false)} />;
  return (
    <button type="button" className="builder-add" aria-label={`Add ${label}`} title={`Add ${label}`} disabled={part.off} onClick={() => setWriting(true)}>
      <Icon name="plus" />
    </button>
  );
}

const SHOWN = 8;

interface Offer {
  typed: string;
  answer: Completions;
}

/** What may stand here, asked as one types; null while it is of another text. */
function useOffer(context: string, typed: string, scope: Props["scope"]): Offer | null {
  const [offer, setOffer] = React.useState<Offer | null>(null);
  const newest = React.useMemo(() => new Latest(), []);
  React.useEffect(() => {
    newest
      .run((signal) => post<Completions>("query/complete", { ...asked(context, typed), ...scope }, { signal }))
      .then((answer) => answer && setOffer({ typed, answer }))
      .catch(() => undefined); // writing goes on without
    return () => newest.cancel();
  }, [context, typed, scope, newest]);
  return offer?.typed === typed ? offer : null;
}

/** A field with completion: Enter takes what is written, or what is pointed at; Escape leaves all as it was. */
function Writer(props: PartProps & { initial: string; label: string; close: () => void }): React.ReactElement {
  const { context, put, close } = props;
  const [typed, setTyped] = React.useState(props.initial);
  const [at, setAt] = React.useState(-1);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const field = React.useRef<HTMLInputElement>(null);
  const id = React.useId();
  const offer = useOffer(context, typed, props.scope);
  const items = offer?.answer.items.filter((item) => completed(context, typed, offer.answer, item) !== null).slice(0, SHOWN) ?? [];
  React.useEffect(() => field.current?.focus(), []);
  const write = (text: string) => {
    setTyped(text);
    setAt(-1);
    setProblem(null);
  };
  const choose = (item: CompletionItem) => {
    const next = offer ? completed(context, typed, offer.answer, item) : null;
    if (next !== null) write(next);
    field.current?.focus();
  };
  const take = async () => {
    if (typed.trim() === props.initial.trim()) return close();
    const refused = await put(typed.trim());
    if (refused) setProblem(refused);
    else close();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    // One place more than there are items: none of them, which is what one wrote.
    if (step && items.length) setAt(((at + 1 + step + items.length + 1) % (items.length + 1)) - 1);
    else if (event.key === "Enter" && items[at]) choose(items[at]);
    else if (event.key === "Tab" && items.length && !event.shiftKey) choose(items[Math.max(at, 0)]!);
    else if (event.key === "Enter") void take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className="builder-writer" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && close()}>
      <input
        ref={field}
        type="text"
        className="mono"
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={id}
        aria-activedescendant={items[at] ? `${id}-${at}` : undefined}
        aria-label={props.label}
        aria-invalid={problem !== null}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={typed}
        size={Math.max(18, typed.length + 1)}
        onKeyDown={onKeyDown}
        onChange={(event) => write(event.target.value)}
      />
      <div className="menu builder-offer">
        {problem ? (
          <p className="builder-problem" role="alert">
            {problem.message} <span className="muted">{problem.suggestion || problem.hint}</span>
          </p>
        ) : null}
        <div id={id} role="listbox" aria-label="What may stand here">
          {items.map((item, place) => (
            <div
              key={`${place} ${item.label}`}
              id={`${id}-${place}`}
              role="option"
              tabIndex={-1}
              aria-selected={place === at}
              className="builder-option"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(item)}
            >
              <code className="truncate">{item.label}</code>
              <span className="muted truncate">{item.kind === "value" ? item.detail : item.type || item.kind}</span>
            </div>
          ))}
        </div>
        <p className="muted builder-hint">Enter takes it, Tab completes</p>
      </div>
    </span>
  );
}
