// What the API says of a text while it is typed, and which of it is shown. Pure.

export interface Finding {
  severity: "error" | "warning";
  message: string;
  /** Characters of the text, as the API counts them; null means the whole. */
  span: { start: number; end: number } | null;
  suggestion: string;
}

export interface Explanation {
  from: number;
  to: number;
  kind: string;
  title: string;
  doc: string;
  type: string;
  unit: string;
  example: string;
}

/** What is shown while the caret stands at a character: nothing about the word that is being typed there. */
export function shownFindings(found: readonly Finding[], caret: number): Finding[] {
  return found.filter(({ span }) => span !== null && !(span.start <= caret && caret <= Math.max(span.end, span.start + 1)));
}

/** The line under the title: the kind, with type and unit as far as they say more. */
export function kindOf(explanation: Explanation): string {
  const { kind, type, unit } = explanation;
  const words = kind === "function" ? [kind, unit && `gives ${unit}`] : [kind, type, unit.replace(/^an? /, "") === type ? "" : unit];
  return words.filter(Boolean).join(" · ");
}
