/**
 * The second script: kinds, claps, readers, reasons, languages, icons, and what went wrong.
 * likes.js asks for it where a page needs it; as a module script it works alone.
 *
 * Attributes, counts and memory are in both scripts, each with a state of its own. What has to be one
 * is handed over by `join`: the elements, and what is remembered. A like that likes.js has in flight
 * ends there; its event is all that this script needs.
 */

import { comeFrom } from './attributes';
import { remember } from './memory';
import { LikeWise } from './reactions/element';
import { adopt } from './reactions/page';

comeFrom(import.meta.url.replace(/[^/]*$/, ''));

let hasJoined = false;

/** Takes elements over from likes.js, with what it remembers. */
export const join = (elements: Set<HTMLElement>, kept: Record<string, unknown>): void => {
  if (!hasJoined) remember(kept);
  hasJoined = true;
  for (const element of elements) {
    elements.delete(element);
    adopt(element);
  }
};

export interface Reactions {
  join: typeof join;
}

if (!customElements.get('like-wise')) customElements.define('like-wise', LikeWise);
