/** The lines that put the button on a page, with this service's own address, ready to be copied. */

const COPIED_SECONDS = 2;

/**
 * Fills a `.snippet` and makes its button copy it.
 * @param {Element} figure
 * @param {Record<string, string>} [attributes] what the tag says beside its name
 * @param {string | null} [address] the service's own, where this page may lie at another host
 */
export function showSnippet(figure, attributes = {}, address = null) {
  const code = /** @type {Element} */ (figure.querySelector('code'));
  const button = /** @type {HTMLButtonElement} */ (figure.querySelector('button'));
  code.textContent = snippet(attributes, address);
  copyOnPress(button, code);
}

/**
 * @param {HTMLButtonElement} button
 * @param {Element} code whose text it copies
 */
export function copyOnPress(button, code) {
  button.onclick = () => copy(code, button);
}

/**
 * @param {Record<string, string>} attributes
 * @param {string | null} address
 */
function snippet(attributes, address) {
  // The pages lie beside the script, whatever prefix the service is mounted under.
  const script = new URL('likes.js', address ? `${address}/` : document.baseURI).href;
  const said = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<script async src="${script}"></script>\n<like-wise${said.join('')}></like-wise>`;
}

/**
 * @param {Element} code
 * @param {HTMLButtonElement} button
 */
async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Browsers lend the clipboard to https and localhost only.
    getSelection()?.selectAllChildren(code);
    button.textContent = 'Selected: copy it with your keyboard';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, COPIED_SECONDS * 1000);
}
