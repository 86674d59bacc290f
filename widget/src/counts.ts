/**
 * The counts as the service last told them, read for many elements at once.
 * Knows nothing of elements.
 */

import type { Like } from './attributes';
import type { Vote } from './memory';

/** Counts of a page by kind, and when they were told in milliseconds since 1970. */
type Reading = [counts: Record<string, number | undefined>, time: number];

/** How often a reader may give a kind, and which group he gives but one of. */
export interface Rule {
  max?: number;
  exclusive?: string | true;
}

/** What the service tells beside counts: the rules of kinds that have any. */
export interface Rules {
  kinds?: Record<string, Rule>;
}

/** What the service answers: counts by page. */
export interface Counts extends Rules {
  counts: Record<string, Record<string, number>>;
}

/** What the service told, by the address that was asked. */
export const readings: Record<string, Reading> = {};

const unread: Reading = [{}, Date.now()];

// An answer out of a cache may be 65 s old: for 90 s the reader's own confirmation is newer.
const OWN_COUNT_MS = 90_000;

/** Returns the count to show beside a reader's own vote; not a number where it is not known. */
export const countOf = ({ source, page, kind }: Like, [on, wish, own, time]: Vote): number => {
  const [counts, toldTime] = readings[source + page] ?? unread;
  // A page's counts are told in the order of the site's kinds.
  const told = counts[kind ?? (Object.keys(counts)[0] as string)] as number;
  return (toldTime - time < OWN_COUNT_MS ? own : told) + (wish as number) - (on as number);
};

/** Resolved when the parser is done: while it is at work there may be more elements to come. */
export const parsed = new Promise((resolve) =>
  document.readyState === 'loading'
    ? document.addEventListener('readystatechange', resolve)
    : resolve(0),
);

/** Asks for the counts of all pages, in as few requests as can be. */
export const ask = (likes: Like[], told: (answer: Counts, source: string) => void): void => {
  const pages: Record<string, Set<string>> = {};
  for (const { source, page } of likes) {
    (pages[source] ||= new Set()).add(`&${new URLSearchParams({ page })}`);
  }
  // Sorted, the same elements make the same address on every visit, which caches can answer.
  for (const source in pages) receive(source, [...(pages[source] as Set<string>)].sort(), told);
};

/** The service takes 100 pages at once, and proxies begin to refuse addresses at 8 KiB. */
const receive = async (
  source: string,
  pages: string[],
  told: (answer: Counts, source: string) => void,
): Promise<void> => {
  const address = source + pages.join('');
  if (pages[100] || (pages[1] && address.length > 6000)) {
    receive(source, pages.splice(pages.length / 2), told);
    receive(source, pages, told);
  } else {
    try {
      const answer = await (await fetch(address)).json();
      for (const page in answer.counts) readings[source + page] = [answer.counts[page], Date.now()];
      told(answer, source);
    } catch {
      // Unknown stays unknown, and shows as nothing.
    }
  }
};
