/**
 * What this browser remembers for its reader, from the first click on.
 * Knows nothing of requests; elements are told when something changed.
 */
import { located } from './page';

/** What one button counts: a kind on a page of a site, at one service. */
export interface Like {
  /** Address of the service, without a final slash. */
  api: string;
  site?: string;
  page: string;
  kind: string;
  /** Proof that the page exists, passed on as it came. */
  sig?: string;
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
export const elements = new Set<{ like: Like; render(): void }>();

export function changed(): void {
  for (const element of elements) element.render();
}

// Storage may be blocked or full, and then even reading throws: this page's own memory stands in.
const spare: Record<string, string> = {};

function recall(key: string): string | null | undefined {
  try {
    return spare[key] ?? localStorage.getItem(key);
  } catch {}
}

function keep(key: string, value: string): void {
  delete spare[key];
  try {
    localStorage.setItem(key, value);
  } catch {
    spare[key] = value;
  }
}

/** The reader's token, 128 random bits. Made when first sent, so never before a click. */
export function voter(): string {
  const known = recall('likewise:voter');
  if (known) return known;
  keep('likewise:voter', crypto.getRandomValues(new Uint32Array(4)).join('-'));
  return voter();
}

/** Names a like in this browser. */
export const key = ({ api, site, page, kind }: Like) => `likewise:${[api, site, page, kind]}`;

// The client of the article knew pages by the last segment of their path only.
const formerKey = ({ page }: Like) =>
  `mxlit_liked_${located(page).pathname.split('/').filter(Boolean).pop()}`;

export function vote(like: Like): Vote {
  return { on: !!recall(formerKey(like)), ...JSON.parse(recall(key(like)) ?? '{}') };
}

export function amend(like: Like, change: Partial<Vote>): void {
  keep(key(like), JSON.stringify({ ...vote(like), ...change }));
  changed();
}
