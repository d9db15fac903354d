// The query line: CodeMirror with Discover's colours, completion and errors from the API.
import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  moveCompletionSelection,
  selectedCompletionIndex,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { toCharacters, toUnits } from "../core/codepoints.ts";
import { type AssistOptions, assist } from "./assist.ts";
import { nextToken, replacements, startState } from "./language.ts";
import type { Completions } from "./model.ts";
import { nextSql, startSql } from "./sql.ts";

export interface Marking {
  /** Characters of the text, as the API counts them; null means the whole. */
  span: { start: number; end: number } | null;
  message: string;
  suggestion: string;
}

export interface EditorOptions extends AssistOptions {
  text: string;
  hint: string;
  /** Names that are data sets in SQL. */
  tables: readonly string[];
  onRun: (text: string) => void;
  onChange: (text: string) => void;
  /** Ask what may stand at a character of the text; rejects when a newer question came. */
  complete: (text: string, cursor: number) => Promise<Completions | undefined>;
  /** The query before (-1) or after (1) the one shown, or null. */
  recall: (direction: -1 | 1, text: string) => string | null;
  /** Whether a pasted text is taken over, instead of being put into the query. */
  onPaste: (text: string) => boolean;
}

export interface Editor {
  text(): string;
  setText(text: string): void;
  mark(marking: Marking | null): void;
  /** Colour and complete as Discover or as SQL, with a hint for an empty text. */
  setLanguage(sql: boolean, hint: string): void;
  focus(): void;
  destroy(): void;
}

const tokenTable = {
  keyword: tags.keyword,
  dataset: tags.typeName,
  field: tags.propertyName,
  function: tags.function(tags.variableName),
  string: tags.string,
  number: tags.number,
  operator: tags.operator,
  punctuation: tags.punctuation,
  text: tags.content,
};

const discover = StreamLanguage.define({
  startState,
  copyState: (state) => ({ ...state }),
  token: (stream, state) => nextToken(stream, state),
  tokenTable,
});

function sql(tables: readonly string[]) {
  const known = new Set(tables);
  return StreamLanguage.define({
    startState: startSql,
    copyState: (state) => ({ ...state }),
    token: (stream, state) => nextSql(stream, state, known),
    tokenTable,
  });
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: tags.typeName, color: "var(--accent)", fontWeight: "600" },
  { tag: tags.propertyName, color: "var(--code-field)" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.operator, tags.punctuation], color: "var(--code-operator)" },
]);

const KINDS: Record<string, string> = {
  field: "property",
  function: "function",
  stage: "keyword",
  dataset: "class",
  operator: "operator",
  keyword: "keyword",
  value: "text",
};

function source(options: EditorOptions) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const answer = await options.complete(text, toCharacters(text, context.pos)).catch(() => undefined);
    if (context.aborted) return null;
    if (!answer?.items.length) {
      // Nothing for a text that was typed on meanwhile: an empty result makes the editor ask again, null would leave it
      // waiting until the next key.
      const outdated = context.view !== undefined && context.view.state.doc !== context.state.doc;
      return outdated ? { from: context.pos, options: [] } : null;
    }
    const completions: Completion[] = answer.items.map((item, index) => ({
      label: item.label,
      apply: item.insert,
      type: KINDS[item.kind] ?? "text",
      detail: item.kind === "value" ? "" : item.type,
      boost: -index / 10,
      ...(item.detail ? (item.kind === "value" ? { detail: item.detail } : { info: item.detail }) : {}),
    }));
    return {
      from: toUnits(text, answer.from),
      to: toUnits(text, answer.to),
      options: completions,
      filter: false,
    };
  };
}

function keys(options: EditorOptions) {
  const recall = (direction: -1 | 1) => (view: EditorView) => {
    if (completionStatus(view.state) === "active" || view.state.doc.lines > 1) return false;
    const found = options.recall(direction, view.state.doc.toString());
    if (found === null) return false;
    replaceAll(view, found);
    return true;
  };
  return Prec.highest(
    keymap.of([
      {
        key: "Enter",
        run: (view) => {
          if (selectedCompletionIndex(view.state) !== null && acceptCompletion(view)) return true;
          closeCompletion(view);
          options.onRun(view.state.doc.toString());
          return true;
        },
        shift: insertNewlineAndIndent,
      },
      {
        key: "Tab",
        run: (view) => {
          if (completionStatus(view.state) !== "active") return false;
          if (selectedCompletionIndex(view.state) === null) moveCompletionSelection(true)(view);
          acceptCompletion(view);
          return true;
        },
      },
      {
        key: "Escape",
        run: (view) => {
          if (!closeCompletion(view)) view.contentDOM.blur();
          return true;
        },
      },
      { key: "Mod-Space", run: startCompletion },
      { key: "ArrowUp", run: recall(-1) },
      { key: "ArrowDown", run: recall(1) },
    ]),
  );
}

function replaceAll(view: EditorView, text: string): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: text.length },
    scrollIntoView: true,
  });
}

function diagnosticOf(marking: Marking & { severity?: "error" | "warning" }, text: string): Diagnostic {
  let from = marking.span ? toUnits(text, marking.span.start) : 0;
  let to = marking.span ? toUnits(text, marking.span.end) : text.length;
  if (from >= to) {
    // An error at a place between characters still needs something to stand under.
    to = Math.min(text.length, from + 1);
    from = Math.max(0, to - 1);
  }
  const place = { from, to };
  return {
    ...place,
    severity: marking.severity ?? "error",
    message: marking.suggestion && !replacements(marking.suggestion).length ? `${marking.message} ${marking.suggestion}` : marking.message,
    actions: replacements(marking.suggestion).map((word) => ({
      name: `Use ${word}`,
      apply: (view, start, end) => {
        view.dispatch({ changes: { from: start, to: end, insert: word }, selection: { anchor: start + word.length } });
        view.focus();
      },
    })),
  };
}

/** What differs between the two languages: colours, checks, and the hint for an empty text; the API knows both. */
function languageOf(options: EditorOptions, asSql: boolean, hint: string) {
  return [
    asSql ? sql(options.tables) : discover,
    autocompletion({
      override: [source(options)],
      selectOnOpen: false,
      activateOnTypingDelay: 5,
      interactionDelay: 0, // nothing is chosen until the reader chooses, so no key can hit a fresh list by accident
      icons: false,
      maxRenderedOptions: 60,
      tooltipClass: () => "query-completions",
    }),
    placeholder(hint),
    asSql ? [] : assist(options, diagnosticOf),
  ];
}

/** Put a query line into an element. */
export function createEditor(parent: HTMLElement, options: EditorOptions): Editor {
  const spoken = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      selection: { anchor: options.text.length },
      extensions: [
        keys(options),
        history(),
        drawSelection(),
        closeBrackets(),
        spoken.of(languageOf(options, false, options.hint)),
        syntaxHighlighting(colours),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-label": "Query",
          "aria-description": "Enter runs the query, Shift and Enter begins a new line.",
          spellcheck: "false",
          autocapitalize: "off",
          autocorrect: "off",
        }),
        EditorView.domEventHandlers({
          paste: (event) => options.onPaste(event.clipboardData?.getData("text/plain") ?? ""),
        }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText(text) {
      if (text !== view.state.doc.toString()) replaceAll(view, text);
    },
    mark(marking) {
      const text = view.state.doc.toString();
      view.dispatch(setDiagnostics(view.state, marking && text ? [diagnosticOf(marking, text)] : []));
    },
    setLanguage(asSql, hint) {
      view.dispatch({ effects: spoken.reconfigure(languageOf(options, asSql, hint)) });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
