/**
 * Tells the service that a page is being read, once for each time the document is loaded.
 * Knows nothing of elements, and keeps nothing in the browser.
 */

import type { Like } from '../attributes';
import { type Rules, readings } from '../counts';

const told = new Set<string>();

/** Whether somebody looks at this document: not one in a background tab, nor one made in advance. */
const isSeen = (): boolean =>
  document.visibilityState === 'visible' && !(document as { prerendering?: boolean }).prerendering;

/** The host that a reader came from, told with the first page only: later ones are of this site. */
const referrer = (): { ref?: string } => {
  const ref = told.size === 0 && document.referrer && new URL(document.referrer).origin;
  return ref ? { ref } : {};
};

/** A page's counts and, where the site counts readers, how many there were. */
interface Viewed extends Rules {
  counts: Record<string, number>;
  views?: number;
}

/** Called with the answer, or without one where the view was not taken. */
type Told = (answer: Rules | undefined, source: string) => void;

const view = async ({ api, source, page, site, sig }: Like, tell: Told): Promise<void> => {
  const body = JSON.stringify({ page, site, sig, ...referrer() });
  told.add(source + page);
  let answer: Viewed | undefined;
  try {
    const response = await fetch(`${api}view`, { method: 'POST', body });
    answer = response.ok ? await response.json() : undefined;
  } catch {}
  // The counts come along, so that a page load takes one request.
  if (answer) readings[source + page] = [{ ...answer.counts, views: answer.views }, Date.now()];
  tell(answer, source);
};

/**
 * Counts a page's reader. False where that is done, or where it has to wait until he looks: then
 * the counts are to be asked for by themselves.
 */
export const see = (like: Like, tell: Told): boolean => {
  if (told.has(like.source + like.page)) return false;
  if (isSeen()) {
    view(like, tell);
    return true;
  }
  const wait = (): void => {
    if (!isSeen()) return;
    document.removeEventListener('visibilitychange', wait);
    document.removeEventListener('prerenderingchange', wait);
    if (!told.has(like.source + like.page)) view(like, tell);
  };
  document.addEventListener('visibilitychange', wait);
  document.addEventListener('prerenderingchange', wait);
  return false;
};
