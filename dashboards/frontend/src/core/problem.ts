// Errors of the API (RFC 9457) as values one can show.

export interface Span {
  start: number;
  end: number;
}

export interface FieldFault {
  field: string;
  detail: string;
}

/** What the API refuses, or what kept one from reaching it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly span: Span | null;
  readonly suggestion: string;
  readonly requestId: string;
  /** Seconds after which a retry may work, or null. */
  readonly retryAfter: number | null;
  /** What is wrong with single members of the body. */
  readonly errors: readonly FieldFault[];

  constructor(facts: {
    detail: string;
    status?: number;
    code?: string;
    hint?: string;
    span?: Span | null;
    suggestion?: string;
    requestId?: string;
    retryAfter?: number | null;
    errors?: readonly FieldFault[];
  }) {
    super(facts.detail);
    this.name = "Problem";
    this.status = facts.status ?? 0;
    this.code = facts.code ?? "internal";
    this.hint = facts.hint ?? "";
    this.span = facts.span ?? null;
    this.suggestion = facts.suggestion ?? "";
    this.requestId = facts.requestId ?? "";
    this.retryAfter = facts.retryAfter ?? null;
    this.errors = facts.errors ?? [];
  }
}

/** Read the body of a refusal; one that is no problem document still says its status. */
export function problemOf(status: number, body: string, retryAfter: string | null = null): Problem {
  let facts: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed && typeof parsed === "object") facts = parsed as Record<string, unknown>;
  } catch {
    // A proxy in between answers in HTML: its status is all there is.
  }
  const text = (name: string) => (typeof facts[name] === "string" ? (facts[name] as string) : "");
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return new Problem({
    status,
    detail: text("detail") || text("title") || `The server answered ${status}.`,
    code: text("code") || `http-${status}`,
    hint: text("hint"),
    span: spanOf(facts.span),
    suggestion: text("suggestion"),
    requestId: text("request_id"),
    retryAfter: Number.isFinite(seconds) ? seconds : null,
    errors: faultsOf(facts.errors),
  });
}

function faultsOf(value: unknown): FieldFault[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each) => typeof each?.field === "string" && typeof each?.detail === "string");
}

function spanOf(value: unknown): Span | null {
  if (!value || typeof value !== "object") return null;
  const { start, end } = value as Record<string, unknown>;
  return typeof start === "number" && typeof end === "number" ? { start, end } : null;
}

/** Whether an error only says that a newer request took over. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Any thrown value as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({ detail: error instanceof Error ? error.message : String(error) });
}
