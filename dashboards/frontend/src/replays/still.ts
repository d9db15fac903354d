// A recording without anything that would be fetched from elsewhere or run: pictures, style sheets and frames by address,
// and handlers of events, are taken out before it is played. The sandbox and the policy of the frame refuse them too; this
// way nothing is even tried. Pure.

/** Attributes that make a browser fetch or go somewhere. */
const FETCHING = new Set(["src", "srcset", "poster", "background", "data", "action", "formaction", "ping", "xlink:href", "manifest", "longdesc", "imagesrcset", "http-equiv", "rr_src", "srcdoc"]);
const STYLED = new Set(["style", "_cssText", "cssText", "rule", "textContent", "value"]);
const REMOTE_URL = /url\(\s*(?!["']?\s*(?:data:|blob:|#))(?:"[^"]*"|'[^']*'|[^)]*)\s*\)/gi;
const IMPORT = /@import\b[^;]*;?/gi;

const harmless = (value: unknown): boolean => typeof value !== "string" || /^\s*(data:(?!text\/html)|blob:|#|$)/i.test(value);

function styleOf(text: string): string {
  return /url\(|@import/i.test(text) ? text.replace(IMPORT, "").replace(REMOTE_URL, "none") : text;
}

function attributesOf(attributes: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const key = name.toLowerCase();
    if (key.startsWith("on") || (FETCHING.has(key) && !harmless(value))) continue;
    if (key === "href" && !harmless(value)) kept[name] = "#";
    else kept[name] = STYLED.has(name) && typeof value === "string" ? styleOf(value) : still(value);
  }
  return kept;
}

/** A copy of a recorded value in which nothing is fetched from elsewhere. */
export function still<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((one: unknown) => still(one)) as Value;
  if (typeof value !== "object" || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === "attributes" && typeof member === "object" && member !== null && !Array.isArray(member)) kept[name] = attributesOf(member as Record<string, unknown>);
    else kept[name] = STYLED.has(name) && typeof member === "string" ? styleOf(member) : still(member);
  }
  return kept as Value;
}
