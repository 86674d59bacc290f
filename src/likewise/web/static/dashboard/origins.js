/** Where buttons stand that may not write here, and what to set if they are the owner's own. */
import { copyOnPress } from '../snippet.js';
import { copyOf, element, within } from './document.js';

/** @typedef {import('./service.js').RefusedOrigin} RefusedOrigin */

const panel = element('origins', HTMLElement);
const list = within(panel, 'ul');

/** @param {RefusedOrigin[]} refused */
export function showOrigins(refused) {
  panel.hidden = !refused.length;
  list.replaceChildren(...refused.map(item));
}

export function clearOrigins() {
  showOrigins([]);
}

/** @param {RefusedOrigin} refused */
function item({ origin, times, setting }) {
  const item = copyOf('origin-item');
  within(item, 'bdi').textContent = origin;
  within(item, '.quiet').textContent = times === 1 ? 'once' : `${times.toLocaleString()} times`;
  // Anyone may send anything as an origin: what could not be set is not offered.
  if (isOrigin(origin)) offer(within(item, '.line'), setting, origin);
  else within(item, '.line').textContent = 'This is no address that could be added.';
  return item;
}

/**
 * @param {Element} line
 * @param {string} setting
 * @param {string} origin
 */
function offer(line, setting, origin) {
  const code = within(line, 'code');
  within(line, 'span span').textContent = `${setting}: add `;
  code.textContent = origin;
  copyOnPress(/** @type {HTMLButtonElement} */ (within(line, 'button')), code);
}

/** @param {string} text */
function isOrigin(text) {
  return /^https?:\/\/[^*,]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
