/**
 * The rules of kinds, as the service tells them beside the counts.
 * Knows nothing of elements.
 */

import type { Rule, Rules } from '../counts';

const rules: Record<string, Rule> = {};

export const learn = ({ kinds }: Rules): void => {
  Object.assign(rules, kinds);
};

/** Returns how many of a kind one reader may give. */
export const maxOf = (kind: string | undefined): number => rules[kind as string]?.max ?? 1;

/** Returns the kinds that a new one takes the place of. */
export const rivalsOf = (kind: string | undefined): string[] => {
  const group = rules[kind as string]?.exclusive;
  return Object.keys(rules).filter(
    (one) => group && one !== kind && rules[one]?.exclusive === group,
  );
};
