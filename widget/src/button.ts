/**
 * The button as it is seen and heard.
 * Knows nothing of requests.
 */

import { likeOf } from './attributes';
import css from './button.css';
import type { LikeWise } from './element';
import { voteOf } from './memory';
import { readings, unread } from './readings';

export type Parts = [
  button: HTMLButtonElement,
  count: HTMLElement,
  icon: HTMLElement,
  why: HTMLElement,
];

// An answer out of a cache may be 65 s old: for 90 s the reader's own confirmation is newer.
const OWN_COUNT_MS = 90_000;

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

/** Part by part: markup would need the page's leave under Trusted Types, a style element under CSP. */
export const build = (element: LikeWise, click: () => void): void => {
  const root = element.attachShadow({ mode: 'open', delegatesFocus: true });
  // An output is a live region, and polite.
  const [button, count, icon, why] = (element.parts = ['button', 'span', 'i', 'output'].map(
    (name) => document.createElement(name),
  ) as Parts);
  icon.part = 'icon';
  count.part = 'count';
  button.part = button.type = 'button';
  button.onclick = click;
  button.append(icon, count);
  root.append(button, why);
  root.adoptedStyleSheets = [sheet];
};

/** Shows what is known of an element's like. */
export const show = (element: LikeWise): void => {
  const [button, number] = element.parts as Parts;
  const { key, source, page, kind } = likeOf(element);
  const [on, wish, own, time] = voteOf(key);
  const [counts, readTime] = readings[source + page] ?? unread;
  // A page's counts are told in the order of the site's kinds.
  const known =
    readTime - time < OWN_COUNT_MS
      ? own
      : (counts[kind ?? (Object.keys(counts)[0] as string)] as number);
  const count = known + (wish as never) - (on as never);
  // Unknown is no number, and shows nothing.
  let text: number | string = count >= 0 ? count : '';
  try {
    text = (text as number).toLocaleString(element.closest<HTMLElement>('[lang]')?.lang);
  } catch {
    // Pages say lang="en_US", which is no language tag.
  }
  number.textContent = text as string;
  element.toggleAttribute('liked', wish);
  // The name holds what is to be seen, the number, for those who speak to the button (WCAG 2.5.3).
  button.ariaLabel = `${element.getAttribute('label') || 'Like'} ${text}`;
  button.ariaPressed = wish as never;
  button.ariaDisabled = element.hasAttribute('readonly') as never;
};
