/** Hours with far more likes than usual, for the owner to judge. */
import { copyOf, element, within } from './document.js';
import { span } from './moment.js';
import { likes } from './words.js';

/** @typedef {import('./service.js').Surge} Surge */

const RECENT_DAYS = 7;

const panel = element('surges', HTMLDetailsElement);
const list = within(panel, 'ul');

/** @type {Surge[]} */
let shown = [];

/** @param {(surge: Surge) => void} onReview */
export function prepareSurges(onReview) {
  list.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest('button');
    if (button) onReview(shown[buttons().indexOf(button)]);
  });
}

/** @param {Surge[]} surges the newest first */
export function showSurges(surges) {
  // Opened for news; closed or opened by hand it stays so.
  if (surges[0]?.number !== shown[0]?.number) panel.open = surges.some(isRecent);
  shown = surges;
  panel.hidden = !surges.length;
  list.replaceChildren(...surges.map(item));
}

export function clearSurges() {
  showSurges([]);
}

/** @param {Surge} surge */
export function focusSurge({ number }) {
  const button = buttons()[shown.findIndex((surge) => surge.number === number)];
  button?.focus();
  return Boolean(button);
}

/**
 * The pages that have had one lately; null stands for the whole site.
 * @param {Surge[]} surges
 */
export function surging(surges) {
  return new Set(surges.filter(isRecent).map(({ page }) => page));
}

/** @param {Surge} surge */
function isRecent({ to }) {
  return Date.now() - Date.parse(to) < RECENT_DAYS * 86_400_000;
}

function buttons() {
  return [...list.querySelectorAll('button')];
}

/** @param {Surge} surge */
function item({ page, from, to, likes: count }) {
  const item = copyOf('surge-item');
  within(item, 'bdi').textContent = page ?? 'All pages together';
  within(item, '.quiet').textContent = `${likes(count)}, ${span(from, to)}`;
  within(item, 'button').ariaLabel = `Review ${page ?? 'all pages'}, ${span(from, to)}`;
  return item;
}
