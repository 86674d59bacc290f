/** The dialog that asks whether a change shall be undone. */
import { element, within } from './document.js';
import { Refusal, undo } from './service.js';
import { told } from './words.js';

/** @typedef {import('./service.js').Change} Change */
/** @typedef {import('./words.js').Words} Words */

const dialog = element('undoing', HTMLDialogElement);
const what = within(dialog, '.strange');
const refusal = within(dialog, '.refusal');

/** @type {Change | undefined} */
let chosen;

/**
 * @param {(words: Words) => void} onUndone
 * @param {(error: unknown) => void} onFailure told of what the dialog cannot show
 */
export function prepareUndoing(onUndone, onFailure) {
  within(dialog, '[data-close]').addEventListener('click', () => dialog.close());
  within(dialog, '.primary').addEventListener('click', () => {
    if (chosen && dialog.ariaBusy !== 'true') act(chosen, onUndone, onFailure);
  });
  // It is told late: by then the dialog may be open again.
  dialog.addEventListener('close', () => dialog.open || clear());
}

/** @param {Change} change */
export function askWhetherToUndo(change) {
  clear();
  chosen = change;
  what.replaceChildren(...told(change));
  dialog.showModal();
}

/** Closes it, and keeps nothing of what it showed. */
export function closeUndoing() {
  dialog.close();
  clear();
}

function clear() {
  chosen = undefined;
  what.replaceChildren();
  refusal.textContent = '';
}

/**
 * @param {Change} change
 * @param {(words: Words) => void} onUndone
 * @param {(error: unknown) => void} onFailure
 */
async function act(change, onUndone, onFailure) {
  dialog.ariaBusy = 'true';
  try {
    await undo(change.correction);
    dialog.close();
    onUndone(['Undone: ', ...told(change)]);
  } catch (error) {
    const isOurs = error instanceof Refusal && error.code !== 'not_signed_in';
    if (!isOurs || chosen !== change) return onFailure(error);
    refusal.textContent = error.message;
  } finally {
    dialog.ariaBusy = 'false';
  }
}
