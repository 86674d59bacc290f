/** The demo: the lines to paste, and why a like was refused, which a blog would leave to the widget. */
import { showSnippet } from './snippet.js';

const refusal = document.getElementById('refusal');

/** @param {string} [reason] */
function explain(reason = '') {
  if (!refusal) return;
  refusal.textContent = reason;
  refusal.hidden = !reason;
}

for (const figure of document.querySelectorAll('.snippet')) showSnippet(figure);
addEventListener('likewise:change', () => explain());
addEventListener('likewise:error', (event) => {
  if (event instanceof CustomEvent) explain(event.detail.message);
});
