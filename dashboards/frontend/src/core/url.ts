// The address bar as the state of the page: read it with `useUrl()`, change it with `navigate` and `changeUrl`.
import { createStore, useStore } from "./store.ts";
import { formatSearch, parseSearch, type UrlState, withBar } from "./search.ts";

export interface Address {
  pathname: string;
  /** With its question mark, or empty. */
  search: string;
  hash: string;
  state: UrlState;
  /** Whether the page showed it before the address said so. */
  shown?: boolean;
}

function read(): Address {
  const { pathname, search, hash } = window.location;
  return { pathname, search, hash, state: parseSearch(search) };
}

const address = createStore<Address>(read());
window.addEventListener("popstate", () => address.set(read()));

/** Leaving a page with unsaved work asks first: a guard answers whether one may go. */
const guards = new Set<(next: string) => boolean>();

/** Ask before a navigation; returns a function that ends it. */
export function guardNavigation(guard: (next: string) => boolean): () => void {
  guards.add(guard);
  return () => guards.delete(guard);
}

export const currentUrl = (): Address => address.get();
export const onUrl = address.subscribe;
export const useUrl = (): Address => useStore(address);

export interface NavigateOptions {
  replace?: boolean;
  /** The address is complete: nothing of the bar is added. */
  bare?: boolean;
  /** The page already shows this address; the server need not be asked. */
  shown?: boolean;
}

/** Go to an address of the application without loading the document anew. Projects and time stay unless it says others. */
export function navigate(href: string, options: NavigateOptions = {}): void {
  const next = options.bare ? href : withBar(href, address.get().state);
  if ([...guards].some((guard) => !guard(next))) return;
  if (next === address.get().pathname + address.get().search + address.get().hash) return;
  if (options.replace) window.history.replaceState(null, "", next);
  else window.history.pushState(null, "", next);
  address.set({ ...read(), shown: options.shown ?? false });
}

/** Change the query string of the page one is on. `replace` for keystrokes, otherwise a step that "back" undoes. */
export function changeUrl(change: Partial<UrlState>, options: { replace?: boolean } = {}): void {
  const { pathname, state, hash } = address.get();
  navigate(pathname + formatSearch({ ...state, ...change }) + hash, { ...options, bare: true });
}

/** Change parameters of the page itself; an empty value removes one. */
export function changePage(change: Record<string, string>, options: { replace?: boolean } = {}): void {
  const page = { ...address.get().state.page, ...change };
  for (const [name, value] of Object.entries(page)) if (value === "") delete page[name];
  changeUrl({ page }, options);
}

/** The href of a link on this page, with the projects and the time of the bar. */
export function useHref(): (href: string) => string {
  const { state } = useUrl();
  return (href) => withBar(href, state);
}
