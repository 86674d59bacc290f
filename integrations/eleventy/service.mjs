/**
 * What a build asks the service for. Where it gets no answer it warns and goes on without.
 * Knows no generator.
 */

import { canonical } from './page.mjs';

const LONGEST_WAIT_MS = 5000;
// A list that stands on every page is asked for once, and a service that is away is waited for once.
const FRESH_MS = 60_000;
const MOST_PAGES = 100;
// Proxies begin to refuse addresses at 8 KiB.
const LONGEST_QUERY = 6000;

const isList = (body) => Array.isArray(body?.pages);
const areCounts = (body) => body?.counts instanceof Object;

/** The service, as one build or a server for drafts knows it. */
export class Service {
  #settings;
  #answers = new Map();
  #awayUntil = 0;
  #wanted;

  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * Returns the most liked of these pages, each as it came with its `count` of the last `days`.
   * Pages are objects with `url`. What the service lists beside them is left out.
   */
  async popular(pages, { days = 30, limit = 10, kind } = {}) {
    const known = new Map(pages.map((page) => [canonical(page.url), page]));
    const query = this.#query({ days, limit: MOST_PAGES, kind });
    const listed = (await this.#ask('/v1/popular', query, isList))?.pages ?? [];
    return listed
      .filter((one) => known.has(one?.page) && Number.isInteger(one.count))
      .slice(0, limit)
      .map(({ page, count }) => ({ ...known.get(page), count }));
  }

  /** Returns the counts of these pages: by page, as it is written here, then by kind. */
  async counts(pages) {
    const found = {};
    for (const batch of this.#batches(new Set(pages))) {
      Object.assign(found, (await this.#ask('/v1/counts', batch, areCounts))?.counts);
    }
    return found;
  }

  /** Returns one page's counts; pages that are wanted at the same time are asked for at once. */
  async countsOf(page) {
    this.#wanted ??= this.#gathered();
    const { pages, counts } = this.#wanted;
    pages.push(page);
    return (await counts)[page];
  }

  #gathered() {
    const pages = [];
    const counts = new Promise(setImmediate).then(() => {
      this.#wanted = undefined;
      return this.counts(pages);
    });
    return { pages, counts };
  }

  *#batches(pages) {
    let query = this.#query({});
    for (const page of pages) {
      const isFull = query.getAll('page').length === MOST_PAGES;
      if (isFull || `${query}${encodeURIComponent(page)}`.length > LONGEST_QUERY) {
        yield query;
        query = this.#query({});
      }
      query.append('page', page);
    }
    if (query.has('page')) yield query;
  }

  #query(parameters) {
    const all = Object.entries({ site: this.#settings.site, ...parameters });
    return new URLSearchParams(all.filter(([, value]) => value !== undefined));
  }

  #ask(path, query, isAnswer) {
    const address = `${this.#settings.api}${path}?${query}`;
    const { time, answer } = this.#answers.get(address) ?? { time: Number.NEGATIVE_INFINITY };
    if (Date.now() - time < FRESH_MS) return answer;
    const asked = this.#fetched(address, isAnswer);
    this.#answers.set(address, { time: Date.now(), answer: asked });
    return asked;
  }

  async #fetched(address, isAnswer) {
    if (Date.now() < this.#awayUntil) return undefined;
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(LONGEST_WAIT_MS) });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body?.detail);
      if (!isAnswer(body)) throw new Error('what answers there is not Likewise');
      return body;
    } catch (error) {
      this.#awayUntil = Date.now() + FRESH_MS;
      console.warn(
        `Likewise: no answer from ${address.split('?')[0]} (${error.cause?.message || error.message}).` +
          ' The site is built without what it would have told.',
      );
      return undefined;
    }
  }
}
