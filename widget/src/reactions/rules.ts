/**
 * The rules of kinds, as the service tells them beside the counts.
 * Knows nothing of elements.
 */

import type { Like } from '../attributes';
import type { Rule, Rules } from '../counts';

/** By site: the address that its counts were asked of. */
const told: Record<string, Record<string, Rule>> = {};

export const learn = ({ kinds }: Rules, source: string): void => {
  told[source] = kinds ?? {};
};

/** Returns how many of a kind one reader may give; not a number while that is not known. */
export const maxOf = ({ source, kind }: Like): number => {
  const rules = told[source];
  return rules ? (rules[kind as string]?.max ?? 1) : Number.NaN;
};

/** Returns the kinds that a new one takes the place of. */
export const rivalsOf = ({ source, kind }: Like): string[] => {
  const rules = told[source] ?? {};
  const group = rules[kind as string]?.exclusive;
  return Object.keys(rules).filter(
    (one) => group && one !== kind && rules[one]?.exclusive === group,
  );
};
