// One write with everything around it: the request, what is said, what is shown once, where one goes.
import { request } from "../core/api.ts";
import { asProblem, type Problem } from "../core/problem.ts";
import { toast } from "../core/toast.ts";
import { navigate } from "../core/url.ts";
import { filledFrom, memberOf } from "./form_model.ts";
import { refreshPage } from "../core/refresh.ts";

export interface Once {
  member: string;
  title: string;
  text: string;
}

export interface Aftermath {
  done?: string | null | undefined;
  once?: Once | null | undefined;
  go?: string | null | undefined;
}

/** Whether somebody else was faster: what they made of it has to be looked at first. */
export const isOvertaken = (problem: Problem | null): boolean => problem?.status === 412;

export interface Sent {
  problem: Problem | null;
  /** What is shown only now, when the answer holds such a thing. */
  secret: string;
}

/** Send a write. Without a secret to show, the page is left or rendered anew at once. */
export async function send(
  method: string,
  path: string,
  body: unknown,
  version: number | null | undefined,
  after: Aftermath,
): Promise<Sent> {
  try {
    const options = { ...(body === undefined ? {} : { body }), ...(version ? { ifMatch: `"${version}"` } : {}) };
    const { document } = await request<unknown>(method, path, options);
    if (after.done) toast(after.done);
    const secret = after.once ? memberOf(document, after.once.member) : "";
    if (!secret) leave(method, after, document);
    return { problem: null, secret };
  } catch (error) {
    return { problem: asProblem(error), secret: "" };
  }
}

function leave(method: string, after: Aftermath, document: unknown): void {
  // What was deleted must not stay chosen in the bar.
  if (after.go) navigate(filledFrom(after.go, document), { bare: method === "DELETE" });
  else refreshPage();
}
