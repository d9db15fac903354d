// What a page asks first, asked the moment one goes there: its component stands only when the server has said which page
// it is, and, in a new tab, when the frame has been read. Whoever asks for the same then gets that answer.
import { get, type Options } from "./api.ts";
import { type Address, currentUrl, onUrl } from "./url.ts";

type Query = readonly (readonly [string, string])[];

interface Early {
  key: string;
  at: number;
  answer: Promise<unknown>;
}

const FRESH_MS = 8_000;
const asked: Early[] = [];
const MOST = 4;

const keyOf = (path: string, query: Query): string => JSON.stringify([path, query]);

/** Ask ahead at each address that `wants` something: when one goes there, and now. It is asked once per arrival. */
export function askEarly(wants: (address: Address, before: string) => { path: string; query: Query } | null): void {
  let before = "";
  const look = (): void => {
    const address = currentUrl();
    const wanted = wants(address, before);
    before = address.pathname;
    if (!wanted) return;
    const answer = get<unknown>(wanted.path, { query: wanted.query });
    answer.catch(() => undefined); // who takes the answer hears of the error
    asked.push({ key: keyOf(wanted.path, wanted.query), at: Date.now(), answer });
    if (asked.length > MOST) asked.shift();
  };
  onUrl(look);
  look();
}

/** The answer that was asked for ahead, once; otherwise a question of its own. */
export function getEarly<Document>(path: string, query: Query, options: Omit<Options, "query"> = {}): Promise<Document> {
  const key = keyOf(path, query);
  const place = asked.findIndex((one) => one.key === key && Date.now() - one.at < FRESH_MS);
  if (place < 0) return get<Document>(path, { ...options, query });
  const [found] = asked.splice(place, 1);
  return found!.answer as Promise<Document>;
}
