import { show } from './button';
import type { LikeWise } from './element';

/** The elements in the document, all of which may show what changed. */
export const elements = new Set<LikeWise>();

export const showAll = (): void => {
  for (const element of elements) show(element);
};
