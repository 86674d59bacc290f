/** Which language an element is in, and what is said in it. */

import { ar } from './ar';
import { de } from './de';
import { en } from './en';
import { es } from './es';
import { fr } from './fr';
import { ja } from './ja';
import { pt } from './pt';
import type { Texts } from './texts';
import { zh } from './zh';

const TEXTS: Record<string, Texts> = { ar, de, en, es, fr, ja, pt, zh };

export const languageOf = (element: Element): string =>
  element.closest<HTMLElement>('[lang]')?.lang || 'en';

/** Returns one of the texts, which an attribute such as `text-send` may word anew. */
export const textOf = (element: Element, name: keyof Texts): string | undefined => {
  const texts = TEXTS[languageOf(element).split('-')[0]?.toLowerCase() as string] ?? en;
  return element.getAttribute(`text-${name}`) ?? texts[name];
};

/** Writes a number as the element's language does. */
export const numberIn = (element: Element, number: number): string => {
  try {
    return number.toLocaleString(languageOf(element));
  } catch {
    // A language's name that is none.
    return number.toLocaleString('en');
  }
};
