// Everything Dash may place on a page, by the name of its Python class. A feature adds its line here.
import { Discover } from "./discover/page.tsx";
import { Shell } from "./shell/shell.tsx";

const components = {
  Shell,
  Discover,
};

(window as unknown as { amber_ui: typeof components }).amber_ui = components;
