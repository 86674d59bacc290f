/** What is wrong with the set-up, as far as the service sees it. */
import { copyOf, element, within } from './document.js';

/** @typedef {import('./service.js').Finding} Finding */

const panel = element('health', HTMLElement);
const list = within(panel, 'ul');

/** @param {Finding[]} findings */
export function showHealth(findings) {
  // Refused origins have a panel of their own.
  const wrong = findings.filter(({ check, state }) => check !== 'refused' && WORDS[state]);
  wrong.sort((one, other) => Number(one.state === 'warn') - Number(other.state === 'warn'));
  panel.hidden = !wrong.length;
  list.replaceChildren(...wrong.map(item));
}

export function clearHealth() {
  showHealth([]);
}

/** @type {Record<string, string>} */
const WORDS = { fail: 'Mend this', warn: 'Look at this' };

/** @param {Finding} finding */
function item({ check, state, text, advice }) {
  const item = copyOf('finding-item');
  within(item, '.mark').textContent = WORDS[state] ?? '';
  within(item, 'b').textContent = check;
  within(item, '[data-text]').textContent = text;
  within(item, '.quiet').textContent = advice;
  return item;
}
