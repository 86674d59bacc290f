/** Likewise for Astro: hands the site's settings to the components. */

import { checked } from './button.mjs';

const MODULE = 'virtual:likewise';

const TYPES = `declare module '${MODULE}' {
  const settings: Record<string, any>;
  export default settings;
}`;

/**
 * The integration: `integrations: [likewise({ api: 'https://likes.example.com' })]`.
 * Throws where the settings cannot work, which fails the build.
 */
export default function likewise(options) {
  const settings = checked(options);
  const plugin = {
    name: 'likewise',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => (id === `\0${MODULE}` ? `export default ${JSON.stringify(settings)}` : undefined),
  };
  return {
    name: 'likewise',
    hooks: {
      'astro:config:setup': ({ updateConfig }) => updateConfig({ vite: { plugins: [plugin] } }),
      'astro:config:done': ({ injectTypes }) =>
        injectTypes({ filename: 'likewise.d.ts', content: TYPES }),
    },
  };
}
