// Words of SQL as the editor colours them. Pure; the API decides what is allowed.
import type { TokenKind } from "./language.ts";

export interface SqlState {
  /** Inside of a comment over several lines. */
  comment: boolean;
}

export const startSql = (): SqlState => ({ comment: false });

const WORDS = new Set(
  ("select from where prewhere group by having order limit offset by asc desc as on using and or not in is null between like ilike " +
    "case when then else end with union all distinct join inner left right full outer cross any semi anti array over partition rows " +
    "range unbounded preceding following current row interval true false nulls first last fill exists").split(" "),
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

/** Move past the next word and say what it is. `tables` are the data sets one may read. */
export function nextSql(stream: Stream, state: SqlState, tables: ReadonlySet<string>): TokenKind {
  if (state.comment || take(stream, /\/\*/y)) {
    state.comment = take(stream, /(?:(?!\*\/).)*\*\//y) === null;
    if (state.comment) stream.pos = stream.string.length;
    return null;
  }
  if (take(stream, /\s+/y) || take(stream, /--.*/y)) return null;
  if (take(stream, /'(?:[^'\\]|\\.|'')*'?/y)) return "string";
  if (take(stream, /"(?:[^"\\]|\\.)*"?|`[^`]*`?/y)) return "field";
  if (take(stream, /\d[\d.]*(?:e[+-]?\d+)?/iy)) return "number";
  const name = take(stream, /[a-zA-Z_]\w*/y);
  if (name) {
    if (WORDS.has(name.toLowerCase())) return "keyword";
    if (stream.string[stream.pos] === "(") return "function";
    return tables.has(name) ? "dataset" : "field";
  }
  if (take(stream, /[=!<>|?+*/%-]+/y)) return "operator";
  take(stream, /./uy);
  return "punctuation";
}
