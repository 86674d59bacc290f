/** What the components of one site share: its settings, the service, and which pages have the script. */

import settings from 'virtual:likewise';
import { Service } from './service.mjs';

export { settings };
export const service = new Service(settings);

const scripted = new WeakSet();

/** Tells whether this is the first button of the page that answers a request. */
export const isFirst = (request) => {
  const found = !scripted.has(request);
  scripted.add(request);
  return found;
};
