/** The column of the matrix that every test run sees: this Node, both SDK lines. `npm run test:compat` runs all of it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packAll, registryAnswers, temporaryFolder } from '../packaging/published.ts';
import { cells } from './cells.ts';
import { makeSandbox } from './sandbox.ts';
import { SDK_LINES, type SdkLine } from './sdk-lines.ts';

const online = registryAnswers('that Sonde works with OpenTelemetry SDK 2.12 and 3.x');

(online ? describe : describe.skip).each(Object.keys(SDK_LINES) as SdkLine[])('with OpenTelemetry SDK %s', (line) => {
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder('compat');
    await makeSandbox(join(folder, 'sandbox'), line, packAll(join(folder, 'tarballs')));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(cells())(
    '$name',
    async ({ run }) => {
      expect(await run({ node: process.execPath, folder: join(folder, 'sandbox') })).toEqual([]);
    },
    60_000,
  );
});
