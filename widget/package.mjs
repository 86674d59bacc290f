// Makes dist/ for those who bundle their scripts; the service serves what build.mjs makes.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { styleAsText } from './style-as-text.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(at('dist'), { recursive: true, force: true });
await build({
  entryPoints: ['index', 'define', 'styles', 'server'].map((name) => at(`src/package/${name}.ts`)),
  outdir: at('dist'),
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2021',
  charset: 'utf8',
  minifySyntax: true,
  plugins: [styleAsText],
});
