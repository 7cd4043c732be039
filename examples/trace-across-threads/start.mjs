#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say what is missing instead of stumbling over the TypeScript.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`This example needs Node.js 22.18 or newer, this is ${process.versions.node}. npm brings its own.`);
  process.exitCode = 2;
} else {
  const { run } = await import('./src/run.ts');
  await run(process.argv.slice(2));
}
