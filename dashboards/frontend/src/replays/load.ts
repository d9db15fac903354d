// Fetches the recording of a replay, segment by segment.
import { API, get } from "../core/api.ts";
import { Problem } from "../core/problem.ts";

export interface Segment {
  segment: number;
  timestamp: string;
  recording_kind: string;
  recording_size: number;
  url: string | null;
}

const AT_ONCE = 4;
const MOST_BYTES = 60e6;

/** What a segment recorded: JSON, or JSON compressed with zlib. */
async function recording(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (!response.ok) throw new Problem({ detail: "A part of the recording could not be read.", code: "recording-unreadable", hint: "Try again; if it stays so, its retention is over." });
  const bytes = new Uint8Array(await response.arrayBuffer());
  // RFC 1950: the first byte of a zlib stream names deflate; JSON begins with [ or {.
  const packed = bytes.length > 1 && (bytes[0]! & 15) === 8 && ((bytes[0]! << 8) | bytes[1]!) % 31 === 0;
  const body = packed ? await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text() : new TextDecoder().decode(bytes);
  return JSON.parse(body) as unknown;
}

export interface Loaded {
  segments: Segment[];
  recordings: unknown[];
  /** How many segments could not be read, and how many were left out because all are too large for a browser. */
  missing: number;
  left: number;
}

/** All segments in their order. A broken one is counted, not an end. */
export async function loadReplay(replay: string, query: readonly (readonly [string, string])[], signal: AbortSignal): Promise<Loaded> {
  const { items } = await get<{ items: Segment[] }>(`replays/${encodeURIComponent(replay)}/segments`, { query, signal });
  const kept = items.filter(({ url, recording_kind }) => url !== null && recording_kind === "rrweb");
  let bytes = 0;
  const wanted = kept.filter(({ recording_size }) => (bytes += recording_size) <= MOST_BYTES);
  const recordings: unknown[] = new Array(wanted.length);
  const tail = new URLSearchParams(query as [string, string][]).toString();
  let missing = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < wanted.length) {
      const at = next++;
      try {
        recordings[at] = await recording(`${wanted[at]!.url!.replace(/^\/api\/v1\//, API)}${tail ? `?${tail}` : ""}`, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        missing += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { segments: items, recordings, missing, left: kept.length - wanted.length };
}
