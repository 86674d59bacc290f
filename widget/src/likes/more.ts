/**
 * Hands over to the second script: what is more than likes, and what has gone wrong.
 * Knows nothing of what that script does.
 */

import { home } from '../attributes';
import { storage } from '../memory';
import type { Reactions } from '../reactions';
import { elements } from './button';

/** The second script, once it is there: from then on every element is its own. */
export let reactions: Reactions | undefined;

/** The build puts in the name of the script as it is at that time, which stays the same for ever. */
declare const REACTIONS: string;

export const more = async (): Promise<void> => {
  reactions = (await import(home + REACTIONS)) as Reactions;
  reactions.join(elements, storage);
};
