/**
 * The counts as the service last told them, read for all elements of the document at once.
 * Knows nothing of the reader's own votes.
 */

import { likeOf } from './attributes';
import { readings } from './readings';
import { elements, showAll } from './shown';

// While the parser is at work there may be more elements to come.
const parsed = new Promise((resolve) =>
  document.readyState === 'loading'
    ? document.addEventListener('readystatechange', resolve)
    : resolve(0),
);

let asking: unknown;

/** Asks for all counts, once for all that call it in the same task. */
export const read = (): void => {
  if (!asking) asking = parsed.then(ask);
};

const ask = (): void => {
  const pages: Record<string, Set<string>> = {};
  asking = 0;
  for (const element of elements) {
    const { source, page } = likeOf(element);
    (pages[source] ||= new Set()).add(`&${new URLSearchParams({ page })}`);
  }
  // Sorted, the same elements make the same address on every visit, which caches can answer.
  for (const source in pages) receive(source, [...(pages[source] as Set<string>)].sort());
};

/** The service takes 100 pages at once, and proxies begin to refuse addresses at 8 KiB. */
const receive = async (source: string, pages: string[]): Promise<void> => {
  const address = source + pages.join('');
  if (pages[100] || (pages[1] && address.length > 6000)) {
    receive(source, pages.splice(pages.length / 2));
    receive(source, pages);
  } else {
    try {
      const { counts } = await (await fetch(address)).json();
      for (const page in counts) readings[source + page] = [counts[page], Date.now()];
      showAll();
    } catch {
      // Unknown stays unknown, and shows as nothing.
    }
  }
};
