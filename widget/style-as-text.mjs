import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

// The style goes into the script as text: a constructed sheet needs no leave of the page's CSP.
export const styleAsText = {
  name: 'style-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), {
        loader: 'css',
        minify: true,
      });
      return { contents: code.trim().replaceAll(', ', ','), loader: 'text' };
    });
  },
};
