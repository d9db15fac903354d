// Places in a text: the API counts characters (code points), JavaScript counts UTF-16 units. Pure.

/** The index in JavaScript's string of the character number `at`. */
export function toUnits(text: string, at: number): number {
  let units = 0;
  let characters = 0;
  for (const character of text) {
    if (characters === at) break;
    units += character.length;
    characters += 1;
  }
  return units;
}

/** How many characters stand before an index of JavaScript's string. */
export function toCharacters(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

/** The text with something else in the place of a span. */
export function replaceSpan(text: string, span: { start: number; end: number }, replacement: string): string {
  return text.slice(0, toUnits(text, span.start)) + replacement + text.slice(toUnits(text, span.end));
}
