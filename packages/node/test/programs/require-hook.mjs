import module, { createRequire } from 'node:module';
import { InstrumentationBase, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { withoutRequireHook } from '../../dist/require-gate.js';

const require = createRequire(import.meta.url);
const seen = [];
class Watching extends InstrumentationBase {
  constructor(names, config) {
    super('watching', '1', config);
    this.names = names;
  }

  init() {
    const patch = (exports) => {
      seen.push('path');
      return exports;
    };
    return [new InstrumentationNodeModuleDefinition('path', ['*'], patch)];
  }
}

withoutRequireHook(() => new Watching([], { enabled: false }));
// Remembered now by a hook that is on, and never shown to an instrumentation that comes later.
require('node:path');
const before = [...seen];
new Watching([], {});
require('node:path');
console.log(JSON.stringify({ before, after: seen, length: module.prototype.require.length }));
