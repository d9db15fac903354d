// What a form holds and what it sends. Pure.

export interface ChoiceSpec {
  value: string;
  label: string;
  hint: string;
}

export interface FieldSpec {
  name: string;
  label: string;
  kind: "text" | "email" | "password" | "hidden" | "number" | "prefixes" | "select" | "checks" | "expiry";
  value: unknown;
  hint: string;
  placeholder: string;
  required: boolean;
  autocomplete: string;
  choices: ChoiceSpec[];
  emptyIsNull: boolean;
  maxLength: number;
  pattern: string;
  follows: string;
  emptySends: string;
}

/** What the controls hold: text, or the chosen values of a list of checks. */
export type Values = Record<string, string | string[]>;

/** The values a form begins with. */
export function initialValues(fields: readonly FieldSpec[]): Values {
  return Object.fromEntries(fields.map((field) => [field.name, heldValue(field)]));
}

function heldValue(field: FieldSpec): string | string[] {
  const { value } = field;
  if (field.kind === "checks") return Array.isArray(value) ? value.map(String) : [];
  if (field.kind === "prefixes") return Array.isArray(value) ? value.join("\n") : "";
  return value === null || value === undefined ? "" : String(value);
}

/** Whether two sets of values differ. */
export function differ(a: Values, b: Values): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

/** A name made fit for addresses: `Checkout API` becomes `checkout-api`. */
export function slugOf(name: string, longest = 50): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, longest)
    .replace(/-+$/, "");
}

/** The values after one changed; fields that follow it change with it unless they were typed into. */
export function withValue(
  values: Values,
  name: string,
  value: string | string[],
  fields: readonly FieldSpec[],
  typed: ReadonlySet<string>,
): Values {
  const next = { ...values, [name]: value };
  for (const field of fields) {
    if (field.follows === name && !typed.has(field.name) && typeof value === "string") {
      next[field.name] = slugOf(value, field.maxLength);
    }
  }
  return next;
}

/** What is missing or does not fit, by field; the server looks again. */
export function faults(fields: readonly FieldSpec[], values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of fields) {
    const value = values[field.name] ?? "";
    const text = typeof value === "string" ? value.trim() : "";
    const empty = Array.isArray(value) ? value.length === 0 : text === "";
    if (field.required && empty) {
      found[field.name] = field.kind === "checks" ? "Choose at least one." : "This is needed.";
    } else if (field.kind === "number" && !empty && !/^\d+$/.test(text)) {
      found[field.name] = "A whole number is needed.";
    } else if (field.kind === "email" && !empty && !/^[^\s@]+@[^\s@]+$/.test(text)) {
      found[field.name] = "This is no e-mail address.";
    } else if (field.pattern && !empty && !new RegExp(`^(?:${field.pattern})$`).test(text)) {
      found[field.name] = "Small letters, digits and dashes only, such as my-shop.";
    }
  }
  return found;
}

/** The path with its `{field}` parts filled in, and the body: the other values and the fixed members. */
export function requestOf(
  path: string,
  fields: readonly FieldSpec[],
  values: Values,
  fixed: Record<string, unknown> = {},
  now: number = Date.now(),
): { path: string; body: Record<string, unknown> } {
  const body: Record<string, unknown> = { ...fixed };
  let filled = path;
  for (const field of fields) {
    if (field.kind === "hidden") continue;
    const sent = sentValue(field, values[field.name] ?? "", now);
    if (field.emptySends && sent === "") body[field.emptySends] = true;
    else if (path.includes(`{${field.name}}`)) filled = filled.replace(`{${field.name}}`, encodeURIComponent(String(sent)));
    else put(body, field.name, sent);
  }
  return { path: filled, body };
}

function sentValue(field: FieldSpec, value: string | string[], now: number): unknown {
  if (Array.isArray(value)) return value.length === 0 && field.emptyIsNull ? null : value;
  if (field.kind === "password") return value;
  if (field.kind === "prefixes") return value.split("\n").map((line) => line.trim()).filter(Boolean);
  const text = value.trim();
  if (text === "" && field.emptyIsNull) return null;
  if (field.kind === "number") return Number(text);
  if (field.kind === "expiry") return new Date(now + Number(text) * 86_400_000).toISOString();
  return text;
}

function put(body: Record<string, unknown>, name: string, value: unknown): void {
  const dot = name.indexOf(".");
  if (dot < 0) {
    body[name] = value;
    return;
  }
  const outer = name.slice(0, dot);
  body[outer] = { ...(body[outer] as Record<string, unknown> | undefined), [name.slice(dot + 1)]: value };
}

/** The server's field errors by the form's own field names; what belongs to no field is left out. */
export function errorsByField(
  errors: readonly { field: string; detail: string }[],
  fields: readonly FieldSpec[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { field, detail } of errors) {
    const known = fields.find(
      (each) => each.name === field || field.startsWith(`${each.name}.`) || each.name.endsWith(`.${field}`),
    );
    if (known && !found[known.name]) found[known.name] = detail;
  }
  return found;
}

/** Which field a refusal is about, by its code: the first of these that the form has. */
const FIELDS_OF_CODES: Readonly<Record<string, readonly string[]>> = {
  "email-invalid": ["email"],
  "expiry-invalid": ["expires_at"],
  "name-invalid": ["name", "label"],
  "name-taken": ["slug", "email", "name"],
  "password-weak": ["new"],
  "password-wrong": ["old"],
  "scope-unknown": ["scopes"],
  "slug-invalid": ["slug"],
};

/** Where a refusal belongs: beside its fields when the server or its code names them, nowhere otherwise. */
export function blamed(
  problem: { code: string; message: string; hint: string; errors: readonly { field: string; detail: string }[] },
  fields: readonly FieldSpec[],
): Record<string, string> {
  const named = errorsByField(problem.errors, fields);
  if (Object.keys(named).length > 0) return named;
  const candidates = FIELDS_OF_CODES[problem.code] ?? [];
  const found = candidates.find((name) => fields.some((field) => field.name === name));
  return found ? { [found]: `${problem.message} ${problem.hint}`.trim() } : {};
}

/** `{member}` parts of an address filled from an answer; a dot goes into a member. */
export function filledFrom(template: string, document: unknown): string {
  return template.replace(/\{([\w.]+)\}/g, (_, name: string) => encodeURIComponent(memberOf(document, name)));
}

/** A member of an answer as text, empty when it is not there. */
export function memberOf(document: unknown, name: string): string {
  let value: unknown = document;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[part];
  return value === null || value === undefined ? "" : String(value);
}
