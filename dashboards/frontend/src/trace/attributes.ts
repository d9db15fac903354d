// The attributes of a span, from the payload it was sent with. Pure.

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Members that the drawer shows elsewhere. */
const ELSEWHERE = new Set([
  "span_id", "trace_id", "parent_span_id", "start_timestamp", "timestamp", "end_timestamp", "op", "description", "status",
  "traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "name", "kind", "start", "end",
  "spans", "breadcrumbs", "modules", "_meta",
]);

/** Members that hold attributes; theirs are shown by their own names. */
const HOLDERS = new Set(["data", "tags", "attributes", "measurements"]);

/** Attributes of a span's payload by name, sorted; OTLP's `[{key, value: {stringValue}}]` read like an object. */
export function attributesOf(payload: unknown): [string, unknown][] {
  let parsed: unknown = payload;
  if (typeof payload === "string") {
    try {
      parsed = JSON.parse(payload);
    } catch {
      return [["payload", payload]];
    }
  }
  if (!isFields(parsed)) return [];
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(parsed)) {
    if (name === "contexts") for (const [key, item] of contextMembers(value)) found.set(key, item);
    else if (HOLDERS.has(name)) for (const [key, item] of members(value)) found.set(key, item);
    else if (!ELSEWHERE.has(name) && value !== null && value !== "" && !(isFields(value) && Object.keys(value).length === 0)) found.set(name, value);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Members of a transaction's contexts as `context.member`; those of `trace` are the span's own data. */
function contextMembers(contexts: unknown): [string, unknown][] {
  if (!isFields(contexts)) return [];
  return Object.entries(contexts).flatMap(([name, context]): [string, unknown][] => {
    if (!isFields(context)) return [[name, context]];
    if (name === "trace") return members(context.data);
    return Object.entries(context).filter(([key]) => key !== "type").map(([key, item]) => [`${name}.${key}`, item]);
  });
}

function members(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) {
    return value.flatMap((entry): [string, unknown][] => {
      if (Array.isArray(entry)) return [[String(entry[0]), entry[1]]];
      return isFields(entry) && typeof entry.key === "string" ? [[entry.key, scalar(entry.value)]] : [];
    });
  }
  return isFields(value) ? Object.entries(value).map(([key, item]) => [key, scalar(item)]) : [];
}

/** The value itself where a client wrapped it: `{stringValue: "x"}`, `{value: 1, unit: "ms"}`, `{type: "string", value: "x"}`. */
function scalar(value: unknown): unknown {
  if (!isFields(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0]!.endsWith("Value")) return value[keys[0]!];
  if ("value" in value && keys.every((key) => key === "value" || key === "unit" || key === "type")) {
    return typeof value.unit === "string" && value.unit !== "" && value.unit !== "none" ? `${String(value.value)} ${value.unit}` : value.value;
  }
  return value;
}
