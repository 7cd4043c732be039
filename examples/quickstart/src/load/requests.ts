import { DAYS, DOCUMENTS, dayName, PRODUCTS } from '../data.ts';
import { between, type Random } from '../random.ts';

export interface PlannedRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly route: string;
  readonly path: string;
  readonly body?: string;
}

type Maker = (random: Random) => PlannedRequest;

const SESSIONS = 8;
const WRONG_PASSWORDS = 0.1;
// Visitors ask for products by number, up to some that do not exist.
const HIGHEST_PRODUCT = PRODUCTS + 3;

const MIX: readonly (readonly [weight: number, make: Maker])[] = [
  [30, (random) => get('/products/:id', `/products/${productId(random)}`)],
  [16, (random) => get('/journal/:day', `/journal/${dayName(between(random, 1, DAYS + 1))}`)],
  [8, (random) => get('/documents/:name', `/documents/d${between(random, 1, DOCUMENTS)}`)],
  [10, (random) => get('/search', `/search?q=${random() < 0.5 ? 'amber+lagoon' : 'orchid+kelp+delta'}`)],
  [14, (random) => get('/prices/:id', `/prices/${productId(random)}`)],
  [SESSIONS, (random) => session(random)],
  [14, (random) => order(random)],
  [8, (random) => get('/products/:id/thumbnail', `/products/${productId(random)}/thumbnail`)],
  [6, (random) => get('/products/:id/stock', `/products/${productId(random)}/stock`)],
  [8, (random) => get('/reports/:day', `/reports/${dayName(between(random, 1, DAYS))}`)],
];

const TOTAL_WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** The next request of a visitor, by the weights above; a few ask for what is not there. */
export function nextRequest(random: Random): PlannedRequest {
  let at = random() * TOTAL_WEIGHT;
  for (const [weight, make] of MIX) {
    if (at < weight) return make(random);
    at -= weight;
  }
  return get('/search', '/search');
}

/** The part of visitors who open a session and know the password. */
export const SESSION_SHARE = (SESSIONS / TOTAL_WEIGHT) * (1 - WRONG_PASSWORDS);

/** The part of the requests to `route` that ask for its file `name`; 0 for a file that none asks for. */
export function popularityOf(route: string, name: string): number {
  if (route === '/journal/:day') return /^\d{4}-\d\d-\d\d\.log$/.test(name) ? 1 / (DAYS + 1) : 0;
  if (route === '/documents/:name') return /^d\d+\.txt$/.test(name) ? 1 / DOCUMENTS : 0;
  const product = Number(/^p(\d+)\.json$/.exec(name)?.[1] ?? 0);
  const below = (number: number): number => Math.cbrt(number / HIGHEST_PRODUCT);
  return product === 0 ? 0 : below(product) - below(product - 1);
}

/** A request of `route` that runs through all of its handler: everything that it asks for exists and is allowed. */
export function healthyRequestOf(route: string, random: Random): PlannedRequest {
  const product = `p${between(random, 1, 30)}`;
  switch (route) {
    case '/products/:id':
      return get(route, `/products/${product}`);
    case '/journal/:day':
      return get(route, `/journal/${dayName(between(random, 1, DAYS))}`);
    case '/prices/:id':
      return get(route, `/prices/${product}`);
    case '/search':
      return get(route, '/search?q=amber+lagoon');
    case '/sessions':
      return post(route, { user: 'user-1', password: 'secret-of-user-1' });
    case '/orders':
      return post(route, { product, count: 2, card: '4000-42' });
    default:
      throw new RangeError(`healthyRequestOf: route must be one of the shop's, got ${route}`);
  }
}

function get(route: string, path: string): PlannedRequest {
  return { method: 'GET', route, path };
}

function post(route: string, body: object): PlannedRequest {
  return { method: 'POST', route, path: route, body: JSON.stringify(body) };
}

function productId(random: Random): string {
  // The cube makes some products popular, and the highest numbers do not exist.
  return `p${1 + Math.floor(random() ** 3 * HIGHEST_PRODUCT)}`;
}

function session(random: Random): PlannedRequest {
  const user = `user-${between(random, 1, 50)}`;
  return post('/sessions', { user, password: random() < WRONG_PASSWORDS ? 'guess' : `secret-of-${user}` });
}

function order(random: Random): PlannedRequest {
  return post('/orders', {
    product: productId(random),
    count: between(random, 1, 5),
    card: `4000-${between(random, 10, 99)}`,
  });
}
