/**
 * The settings of a site, and the attributes of one button.
 * Knows no generator, asks nobody, and runs in browsers too.
 */

const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];
const PASSED_ON = ['kind', 'views', 'icon', 'label', 'lang', 'reason', 'readonly', 'sig'];

/**
 * Returns the settings as they hold: `api` without a slash at its end, `script` as an address.
 * Throws an Error that says what to write where they cannot work.
 */
export const checked = (settings = {}) => {
  if (!/^(https?:\/)?\/\S*$/.test(settings.api ?? '')) {
    throw new Error(
      `Likewise: api is ${JSON.stringify(settings.api ?? '')}. Set it to the address of your` +
        ' service, for example api: "https://likes.example.com".',
    );
  }
  if (settings.integrity && !settings.script) {
    throw new Error(
      'Likewise: integrity is set without script. /likes.js changes with every version: set script' +
        ' to the address that GET /v1/widget names beside its integrity.',
    );
  }
  const api = settings.api.replace(/\/$/, '');
  return { ...settings, api, script: settings.script || `${api}/likes.js` };
};

/** Returns a page as a link would have it: one spelling, under which a browser keeps its reader's like. */
export const addressOf = (page) =>
  page.startsWith('/') ? new URL(`http://localhost${page}`).pathname : page;

/** Looking at a draft must not count; a service on this machine is for trying it out. */
const isHere = (api) => URL.canParse(api) && THIS_MACHINE.includes(new URL(api).hostname);

/**
 * Returns the attributes of a page's button, by name, without those that are not wished.
 * `settings` are checked ones; `wishes`, of this button alone, win over them.
 */
export const attributes = (page, settings, wishes = {}, isDraft = false) => {
  const all = { ...settings, ...wishes };
  const found = { page, site: settings.site };
  // A script from elsewhere cannot tell where the service is.
  if (!settings.script.startsWith(`${settings.api}/`)) found.api = settings.api || '/';
  for (const name of PASSED_ON) found[name] = all[name];
  found.readonly ||= isDraft && !isHere(settings.api);
  return Object.fromEntries(
    Object.entries(found)
      .filter(
        ([, value]) => value !== undefined && value !== null && value !== false && value !== '',
      )
      .map(([name, value]) => [name, value === true ? '' : `${value}`]),
  );
};

/** Returns counts as the text that stands where no script runs: of these kinds, else of the first. */
export const told = (counts = {}, kinds = undefined) => {
  const named = kinds
    ?.normalize('NFC')
    .replace(/\uFE0F/g, '')
    .split(/\s+/);
  return (named ?? Object.keys(counts).slice(0, 1))
    .filter((kind) => Number.isInteger(counts[kind]))
    .map((kind) => `${kind === 'like' ? '♥' : kind} ${counts[kind]}`)
    .join(' ');
};

/** Returns text as HTML, for content and for values in quotes. */
export const escaped = (text) =>
  `${text}`.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
