import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, type Shop, startShop } from './shop.ts';

const isInstalled = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).error === undefined);
if (!isInstalled)
  process.stderr.write(
    '\n*** SKIPPED: Prometheus is not installed, so nothing shows that it can scrape Sonde.\n*** apt-get install prometheus\n\n',
  );
const withPrometheus = isInstalled ? test : test.skip;

interface Answer {
  readonly data: { readonly result: { metric: Record<string, string>; value: [number, string] }[] };
}

let shop: Shop;
let isUnderLoad = true;
let loading: Promise<void>;

beforeAll(async () => {
  shop = await startShop({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_TRACES_EXPORTER: 'none' });
  loading = keepBusy(shop.url);
});

afterAll(async () => {
  isUnderLoad = false;
  await loading;
  await shop.dispose();
});

async function keepBusy(url: string): Promise<void> {
  for (let i = 1; isUnderLoad; i++) await (await fetch(`${url}/products/p${(i % 20) + 1}`)).text();
}

async function query(prometheus: string, expression: string): Promise<Answer['data']['result']> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  return ((await response.json()) as Answer).data.result;
}

withPrometheus('promtool accepts /metrics of a busy service', async () => {
  const text = await eventually('metrics of requests and files', async () => {
    const scraped = await (await fetch(shop.metricsUrl)).text();
    return scraped.includes('sonde_vfs_') && scraped.includes('http_server_') ? scraped : undefined;
  });
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});

withPrometheus(
  'Prometheus scrapes the service under load and answers for requests and files',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonde-prometheus-'));
    const port = await freePort();
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `scrape_configs:
  - job_name: shop
    scrape_interval: 1s
    static_configs: [{ targets: ['${new URL(shop.metricsUrl).host}'] }]
`,
    );
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const exited = once(prometheus, 'exit');
    try {
      const api = `http://127.0.0.1:${port}`;
      const ask = (expression: string) => () =>
        query(api, expression).then(
          (result) => (result.length > 0 ? result : undefined),
          () => undefined,
        );
      const [up] = await eventually('the target to be up', ask('up{job="shop"} == 1'));
      expect(up?.value[1]).toBe('1');
      const requests = await eventually(
        'a rate of requests by route',
        ask('rate(http_server_request_duration_count{http_route="/products/:id"}[10s]) > 0'),
      );
      expect(requests[0]?.metric.http_request_method).toBe('GET');
      const [files] = await eventually(
        'reads counted by mount',
        ask(
          'sum by (system_filesystem_mountpoint) (sonde_vfs_operation_duration_count{sonde_vfs_operation="readFile"})',
        ),
      );
      expect(Number(files?.value[1])).toBeGreaterThan(0);
      expect(files?.metric.system_filesystem_mountpoint).toMatch(/^\//);
    } finally {
      prometheus.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
