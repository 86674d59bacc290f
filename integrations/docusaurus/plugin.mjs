/** Likewise for Docusaurus: buttons under posts and docs, with what only a build can know of them. */

import { fileURLToPath } from 'node:url';
import { spelled } from './address.mjs';
import { checked } from './button.mjs';
import { signature } from './page.mjs';
import { Service } from './service.mjs';

// Where the content plugins keep what they know of each page.
const PAGES_OF = {
  'docusaurus-plugin-content-blog': ({ blogPosts }) => blogPosts.map((post) => post.metadata),
  'docusaurus-plugin-content-docs': ({ loadedVersions }) =>
    loadedVersions.flatMap(({ docs }) => docs),
  'docusaurus-plugin-content-pages': (pages) => pages,
};

const pagesOf = (allContent, siteConfig) =>
  Object.entries(PAGES_OF)
    .flatMap(([plugin, pages]) => Object.values(allContent[plugin] ?? {}).flatMap(pages))
    .filter((page) => page.permalink && page.frontMatter?.likes !== false)
    .map(({ permalink, title }) => ({
      url: spelled(permalink, siteConfig),
      title: title || permalink,
    }));

/** Returns what components need of these pages: only this, since every page of the site loads it. */
const known = async (pages, { popular, counts, ...settings }) => {
  const service = new Service(settings);
  const addresses = pages.map((page) => page.url);
  return {
    settings,
    signatures: Object.fromEntries(addresses.map((page) => [page, signature(page, settings.site)])),
    counts: counts ? await service.counts(addresses) : {},
    popular: popular ? await service.popular(pages, popular) : [],
  };
};

/**
 * The plugin: `themes: [['./likewise/plugin.mjs', { api: 'https://likes.example.com' }]]`, among the
 * themes, since it puts buttons into components of theirs.
 * Throws where the settings cannot work, which fails the build.
 */
export default function likewise({ siteConfig }, { id, ...options }) {
  const settings = checked(options);
  return {
    name: 'likewise',
    getThemePath: () => fileURLToPath(new URL('theme', import.meta.url)),
    async allContentLoaded({ allContent, actions }) {
      actions.setGlobalData(await known(pagesOf(allContent, siteConfig), settings));
    },
  };
}
