/**
 * The counts as the service last told them, read for all elements of the document at once.
 * Knows nothing of the reader's own votes.
 */
import { changed, type Like } from './memory';

/** Counts of a page by kind, and when they were told in milliseconds since 1970. */
type Reading = [counts: Record<string, number>, time: number];

// The service takes 100 pages a request; proxies begin to refuse addresses at 8 KiB.
const BATCH_PAGES = 100;
const ADDRESS_CHARACTERS = 6144;

const unread: Reading = [{}, Date.now()];
const readings: Record<string, Reading> = {};
const waiting = new Set<{ like: Like }>();

// While the parser is at work there may be more elements to come: all are asked for at once.
const parsed = new Promise<unknown>((resolve) => {
  if (document.readyState === 'loading') document.addEventListener('readystatechange', resolve);
  else resolve(0);
});

const source = ({ api, site }: Like) => `${api}/v1/counts?${site ? `site=${site}&` : ''}`;

export const reading = (like: Like): Reading => readings[source(like) + like.page] ?? unread;

/** Asks for the counts of an element, together with all that ask in the same task. */
export function read(element: { like: Like }): void {
  waiting.add(element);
  parsed.then(ask);
}

function ask(): void {
  const queries: Record<string, Set<string>> = {};
  for (const { like } of waiting) {
    (queries[source(like)] ??= new Set()).add(`${new URLSearchParams({ page: like.page })}`);
  }
  waiting.clear();
  for (const address in queries) {
    let batch: string[] = [];
    // Sorted, the same elements make the same address on every visit, which caches can answer.
    for (const name of [...queries[address]].sort()) {
      if (batch.push(name) > BATCH_PAGES || (address + batch.join('&')).length > ADDRESS_CHARACTERS) {
        batch.pop();
        receive(address, batch);
        batch = [name];
      }
    }
    receive(address, batch);
  }
}

async function receive(address: string, batch: string[]): Promise<void> {
  const { counts } = await (await fetch(address + batch.join('&'))).json();
  for (const page in counts) readings[address + page] = [counts[page], Date.now()];
  changed();
}
