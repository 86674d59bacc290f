/**
 * What this browser remembers for its reader, from the first click on.
 * Knows nothing of elements and requests.
 */

/** A reader's own state of a like. An array, since names would weigh. */
export type Vote = [
  /** As the service last confirmed it; of claps, how many. */
  on: boolean | number,
  /** What the reader wants: shown at once, and sent while it differs. */
  wish: boolean | number,
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

/** Goes on with what another script of this page has begun to remember. */
export const remember = (kept: Record<string, unknown>): void => {
  storage = kept;
};

export const voteOf = (key: string): Vote => {
  // Where the client of the article kept a like: it knew a page by its last segment only.
  const former = `mxlit_liked_${/[^/]*(?=\/*$)/.exec(key)}` in storage;
  try {
    return JSON.parse(`[${storage[key]}]`);
  } catch {
    // Nothing yet, or what others have put there.
    return [former, former, 0, 0];
  }
};

export const keep = (key: string, vote: Vote): void => {
  try {
    storage[key] = vote;
  } catch {
    storage = { ...storage, [key]: vote };
  }
};

/**
 * Keeps what the service confirmed. The wish may be another one by now, and stays.
 * A private kind has no count: it is below 0 whatever the reader wants next, and so never shown.
 */
export const confirm = (key: string, on: boolean | number, count: number | undefined): void =>
  keep(key, [on, voteOf(key)[1], count ?? -2, Date.now()]);

/** The reader's token, 128 random bits: made when it is first sent, so never before a click. */
export const voter = (): unknown =>
  (storage['likewise:voter'] ||= crypto.getRandomValues(new Uint32Array(4)).join('-'));
