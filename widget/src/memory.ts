/**
 * What this browser remembers for its reader, from the first click on.
 * Knows nothing of elements and requests.
 */

/** A reader's own state of a like. An array, since names would weigh. */
export type Vote = [
  /** As the service last confirmed it. */
  on: boolean,
  /** What the reader wants: shown at once, and sent while it differs. */
  wish: boolean,
  /** The count at that confirmation, and its time in milliseconds since 1970. */
  count: number,
  time: number,
];

// Blocked storage throws when touched, full storage when written, and in a web view it may be null:
// this page's memory stands in.
export let storage: Record<string, unknown> = {};
try {
  storage = localStorage || storage;
} catch {}

/** Where the client of the article kept a like: it knew a page by its last segment only. */
export const formerKey = (key: string): string => `mxlit_liked_${/[^/]*(?=\/*$)/.exec(key)}`;

export const voteOf = (key: string): Vote => {
  const former = formerKey(key) in storage;
  return JSON.parse(`[${storage[key] ?? [former, former, 0, 0]}]`);
};

export const keep = (key: string, vote: Vote): void => {
  try {
    storage[key] = vote;
  } catch {
    storage = { ...storage, [key]: vote };
  }
};
