import http, { request as imported } from 'node:http';
import https from 'node:https';
import { InPlaceHttpInstrumentation } from '../../dist/http-instrumentation.js';

const before = [http.get, http.request, https.get, https.request, Object.hasOwn(http.Server.prototype, 'emit')];
const look = { name: http.request.name, length: http.request.length };
const state = () => [http.get, http.request, https.get, https.request, Object.hasOwn(http.Server.prototype, 'emit')];
const isSame = () => state().every((value, index) => value === before[index]) && imported === before[1];
const native = imported;

const instrumentation = new InPlaceHttpInstrumentation();
instrumentation.enable();
instrumentation.enable();
const names = ['get', 'request', 'https.get', 'https.request', 'emit'];
const patched = state().flatMap((value, index) => (value === before[index] ? [] : [names[index]]));
if (imported !== native) patched.push('imported');
if (http.request.name !== look.name || http.request.length !== look.length) patched.push('it looks different');
instrumentation.disable();
const restored = isSame();
instrumentation.enable();
const again = http.request !== before[1] && instrumentation.isActive;
console.log(JSON.stringify({ patched, look: { ...look, length: 0 }, restored, again }));
