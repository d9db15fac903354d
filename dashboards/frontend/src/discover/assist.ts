// What the editor does by itself: findings under the text while it is typed, explanations under the pointer.
import { completionStatus } from "@codemirror/autocomplete";
import { type Diagnostic, linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { type EditorView, hoverTooltip, type Tooltip } from "@codemirror/view";
import { toCharacters, toUnits } from "../core/codepoints.ts";
import { type Explanation, type Finding, kindOf, shownFindings } from "./checks.ts";

export interface AssistOptions {
  /** Ask what is wrong or odd in a text; rejects when a newer question came. */
  check: (text: string) => Promise<Finding[] | undefined>;
  /** Ask what stands at a character of a text. */
  explain: (text: string, cursor: number) => Promise<Explanation | null | undefined>;
}

/** Long enough that a word is finished, short enough to be there before a reader looks for it. */
const CHECK_AFTER_MS = 500;
const EXPLAIN_AFTER_MS = 350;

/** The extensions; `mark` makes what the editor shows of a finding. */
export function assist(options: AssistOptions, mark: (finding: Finding, text: string) => Diagnostic): Extension {
  return [
    linter((view) => findings(view, options, mark), { delay: CHECK_AFTER_MS }),
    hoverTooltip((view, position) => explanation(view, position, options), { hoverTime: EXPLAIN_AFTER_MS }),
  ];
}

async function findings(
  view: EditorView,
  options: AssistOptions,
  mark: (finding: Finding, text: string) => Diagnostic,
): Promise<readonly Diagnostic[]> {
  const text = view.state.doc.toString();
  if (!text.trim() || completionStatus(view.state) === "active") return [];
  const found = await options.check(text).catch(() => undefined);
  if (!found || view.state.doc.toString() !== text) return [];
  const caret = view.hasFocus ? toCharacters(text, view.state.selection.main.head) : -1;
  return shownFindings(found, caret).map((finding) => mark(finding, text));
}

async function explanation(view: EditorView, position: number, options: AssistOptions): Promise<Tooltip | null> {
  const text = view.state.doc.toString();
  const found = await options.explain(text, toCharacters(text, position)).catch(() => undefined);
  if (!found || view.state.doc.toString() !== text) return null;
  return {
    pos: toUnits(text, found.from),
    end: toUnits(text, found.to),
    above: false,
    create: () => ({ dom: card(found) }),
  };
}

function card(found: Explanation): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "query-explanation";
  dom.append(line("code", found.title, "title"), line("span", kindOf(found), "kind"));
  if (found.doc) dom.append(line("p", found.doc, "doc"));
  if (found.example) dom.append(line("code", found.example, "example"));
  return dom;
}

function line(tag: string, text: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
