// Builds likes.js and reactions.js. `--fresh` only compares them with the committed ones, `--size`
// only weighs them.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';
import { styleAsText } from './style-as-text.mjs';

const BUDGET_BYTES = { 'likes.js': 2048, 'reactions.js': 8192 };
const HASH_CHARACTERS = 8;
const SOURCE = new URL('src/', import.meta.url);
const TARGET = new URL('../src/likewise/web/static/', import.meta.url);

async function bundle(entry, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, SOURCE))],
    bundle: true,
    minifySyntax: true,
    charset: 'utf8',
    format: 'esm',
    target: 'es2021',
    define,
    plugins: [styleAsText],
    write: false,
  });
  return outputFiles[0].text;
}

/** esbuild bundles; terser inlines across modules and packs some 4 % better. */
async function pack(bundled, options = {}) {
  // One keyword packs better than three.
  const code = bundled.replace(/\b(?:const|var) /g, 'let ');
  const compress = { passes: 3, unsafe: true, unsafe_arrows: true };
  return (await minify(code, { ecma: 2020, compress, ...options })).code;
}

async function reactions() {
  return pack(await bundle('reactions.ts'), { module: true });
}

/** `second` is the script that likes.js asks for: under a name that stays the same for ever. */
async function likes(second) {
  const hash = createHash('sha256').update(second).digest('hex').slice(0, HASH_CHARACTERS);
  const bundled = await bundle('likes.ts', { REACTIONS: `"reactions-${hash}.js"` });
  // A page that loads the script twice defines the element once.
  return pack(`customElements.get('like-wise') || (() => { ${bundled} })()`);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

function finish(name, script, option) {
  const target = new URL(name, TARGET);
  // zlib as bundled with Node packs a little better than gzip: the tests weigh with the real one.
  const size = gzipSync(script, { level: 9 }).length;
  const budget = BUDGET_BYTES[name];
  if (option === '--fresh') {
    if (script !== readFileSync(target, 'utf8'))
      fail(`${name} is not what its source makes: run \`npm run build\` in widget/`);
  } else {
    if (!option) writeFileSync(target, script);
    console.log(`${name}: ${size} of ${budget} bytes gzipped, ${script.length} plain`);
  }
  if (size > budget) fail(`${name} is ${size - budget} bytes over its budget`);
}

const second = await reactions();
finish('reactions.js', second, process.argv[2]);
finish('likes.js', await likes(second), process.argv[2]);
