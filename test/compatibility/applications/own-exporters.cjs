// What an application's own NodeSDK exports with: everything is kept, and written to the file OWN_EXPORT when the
// process has nothing left to do. Given the classes of the module system that the application uses.
const { writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

module.exports = function ownExporters({
  SimpleSpanProcessor,
  SimpleLogRecordProcessor,
  PeriodicExportingMetricReader,
}) {
  const spans = [];
  const logs = [];
  let metrics = [];
  const exporter = (keep) => ({
    export(batch, done) {
      keep(batch);
      done({ code: 0 });
    },
    async forceFlush() {},
    async shutdown() {},
  });
  const ofSpan = ({ name, kind, attributes, instrumentationScope }) => ({
    scope: instrumentationScope.name,
    name,
    kind,
    attributes: Object.keys(attributes).sort(),
  });
  const ofMetric = (scope, { descriptor, dataPoints }) => ({
    scope,
    name: descriptor.name,
    unit: descriptor.unit,
    // Calls for a histogram, the sum for anything else.
    total: dataPoints.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : value.count), 0),
  });
  const options = {
    spanProcessors: [new SimpleSpanProcessor({ exporter: exporter((batch) => spans.push(...batch.map(ofSpan))) })],
    logRecordProcessors: [
      new SimpleLogRecordProcessor({
        exporter: exporter((batch) => logs.push(...batch.map(({ eventName, body }) => eventName ?? body))),
      }),
    ],
    metricReaders: [
      new PeriodicExportingMetricReader({
        exportIntervalMillis: 600_000,
        exporter: exporter(({ scopeMetrics }) => {
          metrics = scopeMetrics.flatMap(({ scope, metrics: each }) => each.map((one) => ofMetric(scope.name, one)));
        }),
      }),
    ],
  };
  const start = (sdk) => {
    // A preload runs in worker threads too; the application's own telemetry is the main thread's.
    if (!isMainThread) return;
    sdk.start();
    process.once('beforeExit', async () => {
      await sdk.shutdown();
      writeFileSync(process.env.OWN_EXPORT, JSON.stringify({ spans, logs, metrics }));
    });
  };
  return { options, start };
};
