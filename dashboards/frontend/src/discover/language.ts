// Words of the Discover language as the editor colours them. Pure: a tokenizer over one line, with the little state that
// reaches over lines. It colours; the API decides what is right.

export type TokenKind = "keyword" | "dataset" | "field" | "function" | "string" | "number" | "operator" | "punctuation" | "text" | null;

export interface LineState {
  /** The closing sign of a text that is still open. */
  open: "" | '"' | "`";
  /** After `from`, `join` or a comma of datasets, a data set may stand. */
  source: boolean;
  /** After the first `|`, names are fields and expressions. */
  piped: boolean;
}

export const startState = (): LineState => ({ open: "", source: false, piped: false });

const STAGES = new Set(
  "where having extend project summarize make-series top sort limit distinct sample compare share join union window histogram heatmap facets diff cluster patterns anomalies changepoint rca correlate funnel sessions retention trace explain".split(" "),
);
const WORDS = new Set(
  "let from last between and or not in contains by every per asc desc other fill zero null linear forward on within as to previous ago vs rest with seed AND OR true false".split(" "),
);

interface Stream {
  pos: number;
  string: string;
}

function take(stream: Stream, pattern: RegExp): string | null {
  pattern.lastIndex = stream.pos;
  const found = pattern.exec(stream.string);
  if (!found) return null;
  stream.pos += found[0].length;
  return found[0];
}

/** Move past the next word and say what it is; the stream stands before a character that is no space. */
export function nextToken(stream: Stream, state: LineState): TokenKind {
  if (state.open) return closing(stream, state);
  if (take(stream, /\s+/y)) return null;
  if (take(stream, /\/\/(?:[^/]|\/(?!\/))*\/\//y)) return "string";
  const quote = take(stream, /["`]/y);
  if (quote) {
    state.open = quote as '"' | "`";
    return closing(stream, state);
  }
  if (take(stream, /\|/y)) {
    state.piped = true;
    state.source = false;
    return "punctuation";
  }
  if (take(stream, /-?\d[\d.]*(?:-\d\d[\dT:.Z+-]*)?[a-zA-Zµ%]*(?![\w.])/y)) return "number";
  return word(stream, state);
}

function closing(stream: Stream, state: LineState): TokenKind {
  const end = state.open;
  while (stream.pos < stream.string.length) {
    const character = stream.string[stream.pos++];
    if (character === "\\") stream.pos += 1;
    else if (character === end) {
      state.open = "";
      break;
    }
  }
  return "string";
}

function word(stream: Stream, state: LineState): TokenKind {
  const before = stream.string.slice(0, stream.pos);
  if (take(stream, /!?(?:[a-zA-Z_][\w.-]*(?:\[[^\]\s]*\])?)(?=:)/y)) return "field";
  if (take(stream, /:(?:>=|<=|!=|>|<|=)?/y)) return "operator";
  const name = take(stream, /make-series|[a-zA-Z_][\w.]*/y);
  if (name) return named(name, stream, state, before);
  if (take(stream, /[=!<>~?+*/%-]+/y)) return "operator";
  take(stream, /./uy);
  return "punctuation";
}

function named(name: string, stream: Stream, state: LineState, before: string): TokenKind {
  if (/\|\s*$/.test(before) && STAGES.has(name)) return "keyword";
  if (name === "from" && (/^\s*$/.test(before) || /[(;=]\s*$/.test(before))) {
    state.source = true;
    return "keyword";
  }
  if (state.source) {
    if (!/^\s*,/.test(stream.string.slice(stream.pos))) state.source = false;
    return "dataset";
  }
  if (/:(?:>=|<=|!=|>|<|=)?$/.test(before)) return "string";
  if (stream.string[stream.pos] === "(") return "function";
  if (WORDS.has(name)) return "keyword";
  return state.piped ? "field" : "text";
}

/** The data set a text asks first, or null for one that begins otherwise. */
export function datasetOf(text: string): string | null {
  const found = /^\s*from\s+([a-z_]+)(?![\w,])/.exec(text);
  if (found) return found[1]!;
  return /^\s*let\b/.test(text) || /^\s*from\b/.test(text) ? null : "errors";
}

/** The text with another data set in front. */
export function withDataset(text: string, dataset: string): string {
  const found = /^(\s*from\s+)[a-z_]+/.exec(text);
  if (found) return `${found[1]}${dataset}${text.slice(found[0].length)}`;
  const rest = text.trim();
  return rest ? `from ${dataset} ${rest}` : `from ${dataset}`;
}

/** The stage a text ends with, when it is a heatmap. */
export function heatmapStage(text: string): string | null {
  return /\|\s*(heatmap\s[^|`]*)$/.exec(text)?.[1]?.trim() ?? null;
}

/** Whether a text makes groups that can be compared with another time. */
export function groupsRows(text: string): boolean {
  return /\|\s*(?:summarize|make-series)\s/.test(text) && !/\|\s*compare\s/.test(text);
}

const OWN_RANGE = /^(\s*from\s+[a-z_]+(?:\s*,\s*[a-z_]+)*)\s+last\s+\d+\s*[a-z]+(?=\s|$)/;

/** Whether a text brings a time range of its own, which beats the one of the bar. */
export function hasOwnRange(text: string): boolean {
  return OWN_RANGE.test(text) || /^\s*from\s+[a-z_, ]+?\s+(?:between|at)\s+\S+/.test(text);
}

/** The text without a range of its own; null when it cannot be taken out safely. */
export function withoutRange(text: string): string | null {
  if (!hasOwnRange(text)) return text;
  return OWN_RANGE.test(text) ? text.replace(OWN_RANGE, "$1") : null;
}

/** What a suggestion such as "Did you mean a or b?" would put in place of the wrong word. */
export function replacements(suggestion: string): string[] {
  const found = /^Did you mean (.+)\?$/.exec(suggestion);
  if (found) return found[1]!.split(/,\s*| or /).map((part) => part.replace(/^[`'"]|[`'"]$/g, "").trim()).filter(Boolean);
  return /^\S+$/.test(suggestion) && !/[.]$/.test(suggestion) ? [suggestion] : [];
}
