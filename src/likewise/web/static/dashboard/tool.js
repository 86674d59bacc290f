/** One form of the editor: it tells first what would change, and changes it when pressed again. */
import { copyOf, within } from './document.js';
import { correct, Refusal } from './service.js';
import { foreseen } from './words.js';

/** @typedef {import('./service.js').Effect} Effect */
/** @typedef {import('./service.js').Order} Order */

/**
 * @typedef {object} Host
 * @property {() => { site: string, page?: string }} subject what the form is about
 * @property {(order: Order, effect: Effect) => void} onDone
 * @property {(error: unknown) => void} onFailure told of what the form cannot show
 */

export class Tool {
  /** @type {Order | undefined} the one whose effect is asked for or shown */
  #order;
  #host;
  #form;
  #refusal;
  #forecast;
  #act;

  /**
   * @param {HTMLFormElement} form
   * @param {Host} host
   */
  constructor(form, host) {
    const end = copyOf('tool-end');
    this.#form = form;
    this.#host = host;
    this.#refusal = within(end, '.refusal');
    this.#forecast = within(end, '.forecast');
    this.#act = /** @type {HTMLButtonElement} */ (within(end, '.primary'));
    this.#act.textContent = form.dataset.verb ?? '';
    form.append(end);
    this.#listen();
  }

  /** Forgets what was foreseen, and what stands in the fields. */
  clear() {
    this.#form.reset();
    this.#forget();
  }

  #listen() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#foresee();
    });
    // What was foreseen is another thing than what the fields say now.
    this.#form.addEventListener('input', () => this.#forget());
    this.#act.addEventListener('click', () => this.#do());
  }

  async #foresee() {
    this.#forget();
    const order = this.#read();
    const effect = await this.#ask(order, true);
    if (!effect || this.#order !== order) return;
    this.#forecast.replaceChildren(...foreseen(order, effect));
    this.#act.hidden = effect.removed === 0;
    this.#act.scrollIntoView({ block: 'nearest' });
  }

  async #do() {
    const order = this.#order;
    if (!order || this.#form.ariaBusy === 'true') return;
    const effect = await this.#ask(order, false);
    if (effect) this.#host.onDone(order, effect);
  }

  /**
   * @param {Order} order
   * @param {boolean} isTrial
   * @returns {Promise<Effect | undefined>} nothing where it was refused
   */
  async #ask(order, isTrial) {
    this.#order = order;
    this.#form.ariaBusy = 'true';
    this.#refusal.textContent = '';
    try {
      return await correct(order, { isTrial });
    } catch (error) {
      this.#refuse(order, isTrial, error);
    } finally {
      if (this.#order === order) this.#form.ariaBusy = 'false';
    }
  }

  /**
   * @param {Order} order
   * @param {boolean} isTrial
   * @param {unknown} error
   */
  #refuse(order, isTrial, error) {
    const isStale = this.#order !== order;
    if (isStale && isTrial) return;
    const isOurs = error instanceof Refusal && error.code !== 'not_signed_in';
    if (isStale || !isOurs) return this.#host.onFailure(error);
    this.#forget();
    this.#refusal.textContent = error.message;
  }

  #forget() {
    this.#order = undefined;
    this.#form.ariaBusy = 'false';
    this.#refusal.textContent = '';
    this.#forecast.replaceChildren();
    this.#act.hidden = true;
  }

  /** @returns {Order} */
  #read() {
    const said = [...new FormData(this.#form)].filter(([, value]) => value !== '');
    const fields = Object.fromEntries(said);
    const count = 'count' in fields && { count: Number(fields.count) };
    const { action = '' } = this.#form.dataset;
    return { ...fields, ...count, action, ...this.#host.subject() };
  }
}
