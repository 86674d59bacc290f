/**
 * The elements of the page that this script shows, kept true to what is known.
 * Knows nothing of how one looks.
 */

import { ask, parsed } from '../counts';
import { Panel } from './panel';
import { learn } from './rules';
import { owe } from './sender';
import { see } from './views';

const panels = new Map<HTMLElement, Panel>();

const showAll = (): void => {
  for (const [element, panel] of panels) {
    // What has left the page comes back through `adopt`.
    if (element.isConnected) panel.show();
    else panels.delete(element);
  }
};

let isAsking = false;

/** Asks for all counts, once for all that call it in the same task. */
const read = async (): Promise<void> => {
  if (isAsking) return;
  isAsking = true;
  await parsed;
  isAsking = false;
  const likes = [...panels.values()].map((panel) => panel.likes[0]);
  // To be counted as a reader brings a page's counts along.
  const seen = new Set<string>();
  for (const {
    element,
    likes: [like],
  } of panels.values()) {
    if (element.hasAttribute('views') && see(like, told)) seen.add(like.source + like.page);
  }
  ask(
    likes.filter(({ source, page }) => !seen.has(source + page)),
    told,
  );
};

const told = (answer: Parameters<typeof learn>[0] | undefined, source: string): void => {
  if (answer) {
    learn(answer, source);
    showAll();
  } else read(); // a page whose view was not taken has counts all the same
};

const known = new WeakSet<HTMLElement>();

/** Shows an element from now on, as its attributes say. */
export const adopt = (element: HTMLElement): void => {
  if (!known.has(element)) {
    known.add(element);
    element.addEventListener('likewise:change', showAll);
    element.addEventListener('likewise:error', ((event: CustomEvent) => {
      showAll();
      panels.get(element)?.refuse(event.detail);
    }) as EventListener);
  }
  const before = panels.get(element) ?? kept.get(element);
  const panel = before?.isStill() ? before : new Panel(element, showAll);
  panels.set(element, panel);
  kept.set(element, panel);
  for (const like of panel.likes) owe(like, element);
  panel.show();
  read();
};

// An element that only moves keeps what it shows, and what was written into it.
const kept = new WeakMap<HTMLElement, Panel>();

addEventListener('storage', showAll);
// Back out of the back/forward cache a page is as old as when it was left.
addEventListener('pageshow', (event) => event.persisted && read());
