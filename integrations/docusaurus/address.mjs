/** How the addresses of a site are written; knows no page. */

import { addressOf } from './button.mjs';

/**
 * Returns a page in the one spelling of its site: links, routes and `permalink` differ in the slash
 * at the end, and a browser keeps its reader's like under the page as it is written.
 */
export const spelled = (page, { trailingSlash }) => {
  if (!page.startsWith('/')) return page;
  const path = addressOf(page).replace(/\/+$/, '');
  return trailingSlash || path === '' ? `${path}/` : path;
};
