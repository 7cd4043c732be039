import http from 'node:http';
import { InPlaceHttpInstrumentation } from '../../dist/http-instrumentation.js';

const theirs = Object.assign(() => {}, { __wrapped: true, __original: http.request, __unwrap() {} });
http.request = theirs;
const instrumentation = new InPlaceHttpInstrumentation();
instrumentation.enable();
console.log(JSON.stringify({ isActive: instrumentation.isActive, isTheirs: http.request === theirs }));
