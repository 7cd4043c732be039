import { lookup, Resolver } from 'node:dns';
import { get } from 'node:http';
import { promisify } from 'node:util';
import type { Injector } from '../injector.ts';

const DOWNSTREAM = `http://127.0.0.1:${process.env.BLAME_DOWNSTREAM_PORT}`;

/** A service that this one calls answers late. */
export const downstream: Injector = {
  cause: 'child_service',
  async inject(ms) {
    const startMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const request = get(`${DOWNSTREAM}/slow?ms=${ms}`, (response) => {
        response.resume().on('end', resolve);
      });
      request.on('error', reject);
    });
    return { stretches: [{ cause: 'child_service', startMs, endMs: performance.now() }] };
  },
};

/** A name server answers late, asked by the application itself. */
export const dnsQuery: Injector = {
  cause: 'connect',
  async inject(ms) {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${process.env.BLAME_DNS_PORT}`]);
    const startMs = performance.now();
    await promisify(resolver.resolve4.bind(resolver))(`d${Math.round(ms)}.sonde.test`);
    return { stretches: [{ cause: 'connect', startMs, endMs: performance.now() }] };
  },
};

/** A name server answers late, asked by getaddrinfo: needs a resolv.conf that names it. */
export const dnsLookup: Injector = {
  cause: 'connect',
  async inject(ms) {
    const startMs = performance.now();
    await promisify(lookup)(`d${Math.round(ms)}.sonde.test`, { family: 4 });
    return { stretches: [{ cause: 'connect', startMs, endMs: performance.now() }] };
  },
};
