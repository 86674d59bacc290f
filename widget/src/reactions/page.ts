/**
 * The elements of the page that this script shows, kept true to what is known.
 * Knows nothing of how one looks.
 */

import { ask, parsed, type Rules } from '../counts';
import { Panel } from './panel';
import { learn } from './rules';
import { owe } from './sender';
import { see } from './views';

/** What is in the page. */
const panels = new Map<HTMLElement, Panel>();
/** What ever was: an element that only moves keeps what it shows, and what was written into it. */
const known = new WeakMap<HTMLElement, Panel>();

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

const told = (answer: Rules | undefined, source: string): void => {
  if (answer) {
    learn(answer, source);
    showAll();
  } else {
    // A page whose view was not taken has counts all the same.
    read();
  }
};

const listen = (element: HTMLElement): void => {
  element.addEventListener('likewise:change', showAll);
  element.addEventListener('likewise:error', ((event: CustomEvent) => {
    showAll();
    panels.get(element)?.refuse(event.detail);
  }) as EventListener);
};

/** Shows an element from now on, as its attributes say. */
export const adopt = (element: HTMLElement): void => {
  const before = known.get(element);
  if (!before) listen(element);
  const panel = before?.isStill() ? before : new Panel(element, showAll);
  panels.set(element, panel);
  known.set(element, panel);
  for (const like of panel.likes) owe(like, element);
  panel.show();
  read();
};

addEventListener('storage', showAll);
// Back out of the back/forward cache a page is as old as when it was left.
addEventListener('pageshow', (event) => event.persisted && read());
