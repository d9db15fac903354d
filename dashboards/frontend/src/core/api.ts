// The one way to the API: adds the CSRF header, reads problems, notices an ended session.
import { asProblem, isAbort, Problem, problemOf } from "./problem.ts";
import { endSession } from "./session.ts";
import { announceProblem, toast } from "./toast.ts";

export const API = "/api/v1/";

export interface Options {
  /** Pairs; a name may come more than once. */
  query?: readonly (readonly [string, string])[] | Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | null;
  headers?: Record<string, string>;
  /** An ETag the write depends on. */
  ifMatch?: string;
}

export interface Answer<Document> {
  document: Document;
  headers: Headers;
}

function cookie(name: string): string {
  for (const part of document.cookie.split("; ")) {
    const at = part.indexOf("=");
    if (part.slice(0, at) === name) return decodeURIComponent(part.slice(at + 1));
  }
  return "";
}

/** Ask the API and return the document with the headers. Throws a Problem, or an AbortError when the signal fired. */
export async function request<Document>(method: string, path: string, options: Options = {}): Promise<Answer<Document>> {
  const pairs = Array.isArray(options.query) ? options.query : Object.entries(options.query ?? {});
  const search = new URLSearchParams(pairs as [string, string][]).toString();
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET") headers["X-CSRFToken"] = cookie("_csrf_token");
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.ifMatch) headers["If-Match"] = options.ifMatch;
  let response: Response;
  let text: string;
  try {
    response = await fetch(API + path + (search ? `?${search}` : ""), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
    text = await response.text();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem({
      detail: "Amber cannot be reached.",
      code: "unreachable",
      hint: "Check that the server runs and that you are connected, then try again.",
    });
  }
  if (!response.ok) {
    if (response.status === 401) endSession();
    throw problemOf(response.status, text, response.headers.get("Retry-After"));
  }
  return { document: (text ? JSON.parse(text) : null) as Document, headers: response.headers };
}

export async function get<Document>(path: string, options: Options = {}): Promise<Document> {
  return (await request<Document>("GET", path, options)).document;
}

export async function post<Document>(path: string, body: unknown, options: Options = {}): Promise<Document> {
  return (await request<Document>("POST", path, { ...options, body })).document;
}

export async function patch<Document>(path: string, body: unknown, options: Options = {}): Promise<Document> {
  return (await request<Document>("PATCH", path, { ...options, body })).document;
}

export async function remove<Document>(path: string, options: Options = {}): Promise<Document> {
  return (await request<Document>("DELETE", path, options)).document;
}

/** Keeps only the newest of several requests: starting one aborts the one before. */
export class Latest {
  #controller: AbortController | null = null;

  /** Run a request; resolves to undefined when a newer one took over. */
  async run<Value>(ask: (signal: AbortSignal) => Promise<Value>): Promise<Value | undefined> {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const value = await ask(controller.signal);
      return controller.signal.aborted ? undefined : value;
    } catch (error) {
      if (controller.signal.aborted || isAbort(error)) return undefined;
      throw error;
    }
  }

  cancel(): void {
    this.#controller?.abort();
    this.#controller = null;
  }
}

/** Do a write and say so: a toast with Undo when it can be undone, a toast with code and hint when it failed.
 *
 * Resolves to the document, or to undefined when it failed (after the toast), so that a caller can restore what it
 * showed too early.
 */
export async function write<Document>(
  ask: () => Promise<Document>,
  said: { done?: string | ((document: Document) => string); undo?: (document: Document) => Promise<unknown> } = {},
): Promise<Document | undefined> {
  try {
    const document = await ask();
    if (said.done) {
      const text = typeof said.done === "string" ? said.done : said.done(document);
      const undo = said.undo;
      toast(text, undo ? { undo: () => write(() => undo(document), { done: "Undone." }) } : {});
    }
    return document;
  } catch (error) {
    if (!isAbort(error)) announceProblem(asProblem(error));
    return undefined;
  }
}
