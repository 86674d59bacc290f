/**
 * The button as it is seen and heard.
 * Knows nothing of requests.
 */

import { likeOf } from '../attributes';
import { countOf } from '../counts';
import { voteOf } from '../memory';
import css from './button.css';
import type { LikeWise } from './element';

export type Parts = [button: HTMLButtonElement, count: HTMLElement, icon: HTMLElement];

/** The elements in the document, all of which may show what changed. */
export const elements = new Set<LikeWise>();

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

/** Part by part: markup would need the page's leave under Trusted Types, a style element under CSP. */
export const build = (element: LikeWise, click: () => void): void => {
  const root = element.attachShadow({ mode: 'open', delegatesFocus: true });
  const [button, count, icon] = (element.parts = ['button', 'span', 'i'].map((name) =>
    document.createElement(name),
  ) as Parts);
  icon.part = 'icon';
  count.part = 'count';
  button.part = button.type = 'button';
  button.onclick = click;
  button.append(icon, count);
  root.append(button);
  root.adoptedStyleSheets = [sheet];
};

/** Shows what is known of an element's like. */
export const show = (element: LikeWise): void => {
  const [button, number] = element.parts as Parts;
  const like = likeOf(element);
  const vote = voteOf(like.key);
  const count = countOf(like, vote);
  // Unknown is no number, and shows nothing.
  const text = count >= 0 ? count.toLocaleString('en') : '';
  number.textContent = text;
  element.toggleAttribute('liked', vote[1] as boolean);
  // The name holds what is to be seen, the number, for those who speak to the button (WCAG 2.5.3).
  button.ariaLabel = `${element.getAttribute('label') || 'Like'} ${text}`;
  // Of a boolean the DOM makes text by itself, at no byte's cost.
  button.ariaPressed = vote[1] as unknown as string;
  button.ariaDisabled = element.hasAttribute('readonly') as unknown as string;
};

export const showAll = (): void => {
  // One that waits for the second script has no parts.
  for (const element of elements) if (element.parts) show(element);
};
