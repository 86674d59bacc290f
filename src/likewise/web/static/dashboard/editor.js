/** The dialog in which the owner changes a page, or looks into a surge. */
import { element, within } from './document.js';
import { figuresOf, nameOf, VIEWS } from './summary.js';
import { Tool } from './tool.js';
import { toldOf } from './words.js';

/** @typedef {import('./service.js').PageRow} PageRow */
/** @typedef {import('./service.js').Summary} Summary */
/** @typedef {import('./service.js').Surge} Surge */
/** @typedef {(page: string | null) => boolean} Refocus told what the page is called now */

const dialog = element('editor', HTMLDialogElement);
const subjectName = within(dialog, 'h2 bdi');
const forms = [...dialog.querySelectorAll('form')];

/** @type {{ site: string, page?: string }} */
let subject = { site: '' };
/** @type {PageRow['counts']} */
let counts = {};
/** @type {Refocus} */
let refocus = () => false;
/** @type {Tool[]} */
let tools = [];

/**
 * @param {(words: import('./words.js').Words, refocus: () => boolean) => void} onDone
 * @param {(error: unknown) => void} onFailure
 */
export function prepareEditor(onDone, onFailure) {
  const host = {
    subject: () => subject,
    onFailure,
    /** @type {import('./tool.js').Host['onDone']} */
    onDone(order, effect) {
      const back = refocus;
      // It may stand open for another page by now.
      if (order.page === subject.page) dialog.close();
      onDone(toldOf(order, effect), () => back(effect.page));
    },
  };
  tools = forms.map((form) => new Tool(form, host));
  // It is told late: by then the dialog may be open again.
  dialog.addEventListener('close', () => dialog.open || clear());
  within(dialog, '[data-close]').addEventListener('click', () => dialog.close());
  formFor('set').addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement) suggest(target.value);
  });
}

/**
 * @param {Summary} summary
 * @param {PageRow} page
 * @param {Refocus} back
 */
export function edit(summary, page, back) {
  clear();
  subject = { site: summary.site, page: page.page };
  counts = { ...page.counts, [VIEWS]: page.views ?? 0 };
  offer((action) => action !== (page.blocked ? 'block' : 'unblock'));
  open(page.page, summary, back);
  suggest(summary.kinds[0]);
}

/**
 * @param {Summary} summary
 * @param {Surge} surge
 * @param {Refocus} back
 */
export function review(summary, { page, from, to }, back) {
  const { site } = summary;
  clear();
  subject = page === null ? { site } : { site, page };
  offer((action) => action === 'purge');
  open(page ?? 'All pages', summary, back);
  const form = formFor('purge');
  fill(form, { from: withoutZone(from), to: withoutZone(to), keep: 'first' });
  form.closest('details')?.setAttribute('open', '');
}

/** Closes it, and keeps nothing of what it showed. */
export function closeEditor() {
  dialog.close();
  clear();
}

function clear() {
  for (const tool of tools) tool.clear();
  for (const { parentElement } of forms) parentElement?.removeAttribute('open');
  subjectName.textContent = '';
  subject = { site: '' };
}

/** @param {(action: string) => boolean} isOffered */
function offer(isOffered) {
  for (const { dataset, parentElement } of forms) {
    if (parentElement) parentElement.hidden = !isOffered(dataset.action ?? '');
  }
}

/**
 * @param {string} name
 * @param {Summary} summary
 * @param {Refocus} back
 */
function open(name, summary, back) {
  refocus = back;
  subjectName.textContent = name;
  for (const label of dialog.querySelectorAll('label')) {
    if (label.dataset.kinds !== undefined) offerKinds(label, summary);
  }
  dialog.showModal();
}

/**
 * @param {HTMLLabelElement} label
 * @param {Summary} summary
 */
function offerKinds(label, summary) {
  const select = /** @type {HTMLSelectElement} */ (label.control);
  const isPurge = select.form?.dataset.action === 'purge';
  const kinds = isPurge ? summary.kinds : figuresOf(summary);
  const all = isPurge ? [new Option('All', '')] : [];
  select.replaceChildren(...all, ...kinds.map((kind) => new Option(nameOf(kind), kind)));
  label.hidden = kinds.length < 2;
}

/** @param {string} kind whose count is a beginning */
function suggest(kind) {
  fill(formFor('set'), { count: `${counts[kind] ?? 0}` });
}

/** @param {string} action */
function formFor(action) {
  return /** @type {HTMLFormElement} */ (within(dialog, `[data-action="${action}"]`));
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} values
 */
function fill({ elements }, values) {
  for (const [name, value] of Object.entries(values)) {
    /** @type {HTMLInputElement} */ (elements.namedItem(name)).value = value;
  }
}

/** @param {string} moment as the service writes it, in UTC */
function withoutZone(moment) {
  return moment.replace('Z', '');
}
