// node build.mjs OUT.js: one script without imports, as Qt's JavaScript engine wants it.
import {build} from 'esbuild';

await build({
  entryPoints: [new URL('formula.js', import.meta.url).pathname],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2016',
  banner: {js: 'var globalThis = this;'},
  legalComments: 'inline',
  logLevel: 'warning',
});
