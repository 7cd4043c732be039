import http from 'node:http';
import { InPlaceHttpInstrumentation } from '../../dist/http-instrumentation.js';

const instrumentation = new InPlaceHttpInstrumentation();
instrumentation.enable();
// What `_wrap` of @opentelemetry/instrumentation does.
const { request } = http;
if (request.__wrapped === true) request.__unwrap();
const theirs = (...args) => Reflect.apply(original, http, args);
const original = http.request;
http.request = theirs;
const { isActive } = instrumentation;
instrumentation.enable();
console.log(
  JSON.stringify({ isActive, theirs: http.request === theirs && !original.__wrapped, after: instrumentation.isActive }),
);
