// One span, one count and one log record of the application's own.
const { isMainThread } = require('node:worker_threads');

module.exports = function ownTelemetry(api) {
  if (!isMainThread) return;
  // API 1.9, which SDK 2.12 uses, has logs in a package of their own.
  const logs = api.logs ?? require('@opentelemetry/api-logs').logs;
  api.trace
    .getTracer('shop')
    .startSpan('checkout', { attributes: { items: 2 } })
    .end();
  api.metrics.getMeter('shop').createCounter('shop.orders', { unit: '{order}' }).add(2, { currency: 'EUR' });
  logs.getLogger('shop').emit({ body: 'order placed' });
};
