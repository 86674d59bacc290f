// Builds likes.js. `--fresh` only compares it with the committed one, `--size` only weighs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const BUDGET_BYTES = 2048;
const source = fileURLToPath(new URL('src/main.ts', import.meta.url));
const target = new URL('../src/likewise/web/static/likes.js', import.meta.url);

// The style goes into the script as text: a constructed sheet needs no leave of the page's CSP.
const styleAsText = {
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

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    minifySyntax: true,
    format: 'esm',
    target: 'es2021',
    plugins: [styleAsText],
    write: false,
  });
  return outputFiles[0].text;
}

/** esbuild bundles; terser inlines across modules and packs some 4 % better. */
async function pack(bundled) {
  // A page that loads the script twice defines the element once. One keyword packs better than three.
  const once = `customElements.get('like-wise') || (() => { ${bundled} })()`;
  const code = once.replace(/\b(?:const|var) /g, 'let ');
  const options = { ecma: 2020, compress: { passes: 3, unsafe: true, unsafe_arrows: true } };
  return (await minify(code, options)).code;
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

const script = await pack(await bundle());
// zlib as bundled with Node packs a little better than gzip: the tests weigh with the real one.
const size = gzipSync(script, { level: 9 }).length;
const option = process.argv[2];

if (option === '--fresh') {
  const isFresh = script === readFileSync(target, 'utf8');
  if (!isFresh) fail('likes.js is not what its source makes: run `npm run build` in widget/');
} else {
  if (!option) writeFileSync(target, script);
  console.log(`likes.js: ${size} of ${BUDGET_BYTES} bytes gzipped, ${script.length} plain`);
}
if (size > BUDGET_BYTES) fail(`likes.js is ${size - BUDGET_BYTES} bytes over its budget`);
