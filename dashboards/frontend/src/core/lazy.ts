// Big libraries come when a page first needs them. A module `src/<name>.lazy.ts` is loaded by `lazy("<name>")`.
//
// Lazy modules are built apart from the main script: they may import libraries and pure modules, never a module with
// state (`url.ts`, `toast.ts`), because they would get a second copy of it. State reaches them as arguments.

/** Addresses of the lazy modules relative to the main script, put in by the build. */
declare const LAZY_MODULES: Record<string, string>;

const base = (() => {
  const script = document.currentScript;
  return script instanceof HTMLScriptElement ? script.src.replace(/[^/]*$/, "") : document.baseURI;
})();

const loading = new Map<string, Promise<unknown>>();

/** Load modules before they are needed: at once, or when the browser has nothing else to do. */
export function preload(names: readonly string[], when: "now" | "idle"): void {
  const load = () => names.forEach((name) => void lazy(name).catch(() => undefined));
  if (when === "now") load();
  else window.addEventListener("load", () => window.requestIdleCallback?.(load, { timeout: 5000 }), { once: true });
}

/** Load a lazy module, once; a failed load may be tried again. */
export function lazy<Module>(name: string): Promise<Module> {
  let found = loading.get(name);
  if (!found) {
    const file = LAZY_MODULES[name];
    if (!file) return Promise.reject(new Error(`There is no lazy module ${name}.`));
    found = import(base + file);
    found.catch(() => loading.delete(name));
    loading.set(name, found);
  }
  return found as Promise<Module>;
}
