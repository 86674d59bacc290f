/** Likewise for Eleventy: shortcodes for buttons and popular posts, and the script that they need. */

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attributes, checked, escaped, told } from './button.mjs';
import { signature } from './page.mjs';
import { Service } from './service.mjs';

/** Returns a shortcode's wishes: an object, as from Nunjucks' names, or names and values in turn. */
const wishesOf = (given) => {
  const wishes = {};
  for (let i = 0; i < given.length; i += 1) {
    if (typeof given[i] === 'string') wishes[given[i]] = given[++i];
    else Object.assign(wishes, given[i]);
  }
  delete wishes.__keywords;
  return wishes;
};

/** Tells whether a page's data say `likes: false`; Liquid has a context around them. */
const saysNo = (data) => (data?.environments ? data.get(['likes']) : data?.likes) === false;

const tag = (name, values) => {
  const written = Object.entries(values).map(([key, value]) =>
    value === '' ? ` ${key}` : ` ${key}="${escaped(value)}"`,
  );
  return `<${name}${written.join('')}>`;
};

const scriptOf = ({ script, integrity }) => {
  const proof = integrity ? { crossorigin: 'anonymous', integrity } : {};
  return `${tag('script', { async: '', src: script, ...proof })}</script>`;
};

/**
 * The plugin: `eleventyConfig.addPlugin(likewise, { api: 'https://likes.example.com' })`.
 * Throws where the settings cannot work, which fails the build.
 */
export default function likewise(eleventyConfig, options) {
  const settings = checked(options);
  const script = scriptOf(settings);
  let service = new Service(settings);
  let pages = new Map();
  let counts = {};

  // A page's url is the path of its file, and so may hold signs that mean something in an address.
  const addressOf = (url) => {
    const path = encodeURI(url).replace(/[?#]/g, encodeURIComponent);
    return url.startsWith('/') ? eleventyConfig.getFilter('url')(path) : url;
  };

  // Copied into a site, this folder is no content of it.
  eleventyConfig.ignores.add(relative('.', fileURLToPath(new URL('.', import.meta.url))) || '.');

  eleventyConfig.on('eleventy.before', () => {
    service = new Service(settings);
  });

  // All pages are known here, and none is rendered yet.
  eleventyConfig.addCollection('likewise', async (api) => {
    const written = api.getAll().filter((item) => item.url);
    pages = new Map(
      written.map(({ url, data }) => [
        url,
        { url: addressOf(url), title: data.title || url, isOff: data.likes === false },
      ]),
    );
    const asked = [...pages.values()].filter((page) => !page.isOff).map((page) => page.url);
    counts = settings.counts ? await service.counts(asked) : {};
    return [];
  });

  const button = (template, inside, given) => {
    const wishes = wishesOf(given);
    const url = wishes.page || template.page.url;
    const isOff = url === template.page.url ? saysNo(template.ctx) : pages.get(url)?.isOff;
    if (!url || isOff) return '';
    const isDraft = process.env.ELEVENTY_RUN_MODE !== 'build';
    const page = addressOf(url);
    const sig = signature(page, settings.site);
    const values = attributes(page, settings, { ...wishes, sig }, isDraft);
    const fallback = escaped(told(counts[page], values.kind));
    return `${tag('like-wise', values)}${inside}${fallback}</like-wise>`;
  };

  eleventyConfig.addShortcode('likewise', function (...given) {
    return button(this, '', given);
  });

  eleventyConfig.addPairedShortcode('likewiseAround', function (inside, ...given) {
    return button(this, inside, given);
  });

  eleventyConfig.addAsyncShortcode('likewisePopular', async (...given) => {
    const open = [...pages.values()].filter((page) => !page.isOff);
    const listed = await service.popular(open, wishesOf(given));
    const items = listed.map(
      ({ url, title, count }) =>
        `<li><a href="${escaped(url)}">${escaped(title)}</a> <span>${count}</span></li>`,
    );
    return items.length ? `<ol class="likewise-popular">${items.join('')}</ol>` : '';
  });

  eleventyConfig.addTransform('likewise', function (content) {
    const isPage = `${this.page.outputPath}`.endsWith('.html') && content.includes('<like-wise ');
    if (!isPage || content.includes(`src="${escaped(settings.script)}"`)) return content;
    const [head] = /<\/head>/i.exec(content) ?? [];
    return head ? content.replace(head, () => script + head) : content + script;
  });
}
