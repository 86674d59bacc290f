// Builds likes.js. `--fresh` only compares it with the committed one, `--size` prints its weight.
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';

const BUDGET_BYTES = 2048; // after gzip -9
const target = new URL('../src/likewise/web/static/likes.js', import.meta.url);

// The stylesheet goes into the script as text: a constructable sheet needs no `style-src` of the page.
const minifiedStyle = {
  name: 'minified-style',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const style = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true });
      return { contents: style.code.trim(), loader: 'text' };
    });
  },
};

async function built() {
  const result = await build({
    entryPoints: [new URL('src/likes.ts', import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    banner: { js: 'globalThis.customElements&&!customElements.get("like-wise")&&' },
    tsconfigRaw: {compilerOptions:{useDefineForClassFields:false}},
    plugins: [minifiedStyle],
    write: false,
  });
  return Buffer.from(result.outputFiles[0].contents);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

const script = await built();
const size = gzipSync(script, { level: 9 }).length;
const option = process.argv[2];

if (option === '--fresh') {
  if (!script.equals(readFileSync(target)))
    fail('likes.js is stale: run `npm run build` in widget/');
} else {
  if (option !== '--size') writeFileSync(target, script);
  console.log(`likes.js: ${size} of ${BUDGET_BYTES} bytes gzipped, ${script.length} plain`);
}
if (size > BUDGET_BYTES) fail(`likes.js is ${size - BUDGET_BYTES} bytes over its budget`);
