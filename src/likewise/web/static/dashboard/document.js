/** Ways into the document: text goes in as text, elements are copies of templates. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`dashboard.html has no ${type.name} "${id}"`);
  return found;
}

/**
 * @param {string} template id of a template with one element
 * @returns {Element}
 */
export function copyOf(template) {
  const { content } = element(template, HTMLTemplateElement);
  const { firstElementChild } = /** @type {DocumentFragment} */ (content.cloneNode(true));
  return /** @type {Element} */ (firstElementChild);
}

/**
 * Finds what the document is known to have.
 * @param {Element} parent
 * @param {string} selector
 */
export function within(parent, selector) {
  return /** @type {Element} */ (parent.querySelector(selector));
}
