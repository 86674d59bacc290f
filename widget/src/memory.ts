/**
 * What this browser remembers for its reader, from the first click on.
 * Knows nothing of requests; elements are told when something changed.
 */

/** What one button counts: a kind on a page of a site, at one service. */
export interface Like {
  /** Address of the service, without a final slash. */
  api: string;
  site: string | undefined;
  page: string;
  kind: string;
  /** Proof that the page exists, passed on as it came. */
  sig: string | undefined;
}

/** The reader's own state of one like. */
export interface Vote {
  /** As the service last confirmed it, with its count then. */
  on: boolean;
  count?: number;
  /** When that was, in milliseconds since 1970. */
  time?: number;
  /** What the reader asked for since. */
  wish?: boolean;
  /** The wish outlived its retries: no longer shown, and sent once more at the next visit. */
  late?: boolean;
}

/** Elements in the document. */
export const elements = new Set<{ like: Like; render(): void; refresh(): void }>();

export function changed(): void {
  for (const element of elements) element.render();
}

let storage: Record<string, string> = {};
try {
  storage = localStorage;
} catch {
  // Blocked: the memory of this page stands in.
}

function keep(key: string, value: string): void {
  try {
    storage[key] = value;
  } catch {
    storage = { ...storage, [key]: value }; // full: go on with a copy
  }
}

/** The reader's token, 128 random bits. Made when first sent, so never before a click. */
export function voter(): string {
  if (!storage['likewise:voter']) {
    keep('likewise:voter', crypto.getRandomValues(new Uint32Array(4)).join('-'));
  }
  return storage['likewise:voter'] as string;
}

/** Names a like in this browser. */
export const key = ({ api, site, page, kind }: Like) => `likewise:${[api, site, page, kind]}`;

/** Where the client of the article kept a like: it knew a page by its last segment only. */
export const formerKey = ({ page }: Like) =>
  `mxlit_liked_${/[^/]*(?=\/*$)/.exec(new URL(page, location.href).pathname)}`;

export function vote(like: Like): Vote {
  const vote = { on: false };
  try {
    vote.on = formerKey(like) in storage;
    Object.assign(vote, JSON.parse(storage[key(like)] as string));
  } catch {
    // Nothing remembered, or nothing that this code wrote.
  }
  return vote;
}

export function amend(like: Like, change: Partial<Vote>): void {
  keep(key(like), JSON.stringify({ ...vote(like), ...change }));
  changed();
}

export function confirm(like: Like, on: boolean, count: number | undefined): void {
  delete storage[formerKey(like)]
  const { wish } = vote(like);
  amend(like, { on, count, time: Date.now(), wish: wish === on ? undefined : wish, late: undefined });
}
