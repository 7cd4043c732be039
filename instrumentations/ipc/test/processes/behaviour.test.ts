import { IMPORTED, REQUIRED, run, SOURCE } from './fixtures/run.ts';

/** What the program printed; the lines of children come in an order of their own. */
async function behaviour(parent: readonly string[], child: readonly string[]): Promise<unknown> {
  const { stdout, stderr, code } = await run('behaviour.ts', [JSON.stringify(child)], {
    execArgv: parent,
    timeoutMs: 12_000,
  });
  const lines = stdout.trim().split('\n');
  const report = lines.find((line) => line.startsWith('{'));
  return {
    code,
    report: report === undefined ? stdout + stderr : (JSON.parse(report) as unknown),
    closing: lines.filter((line) => line.startsWith('closing')),
    thrown: stderr.split('\n').filter((line) => /^RangeError/.test(line)),
  };
}

describe('a channel between processes', () => {
  let bare: unknown;
  beforeAll(async () => {
    bare = await behaviour(SOURCE, SOURCE);
  });

  it('does what this test thinks that it does without Sonde', () => {
    expect(bare).toMatchObject({ code: 0, thrown: ['RangeError: by the application'] });
    expect(bare).toHaveProperty('report.handles.answer', 'from the child');
    expect(bare).toHaveProperty('report.handles.taken', 'child took socket');
    expect(bare).toHaveProperty('report.burst.seen.length', 201);
  });

  it.each([
    ['both ends are observed', IMPORTED, IMPORTED],
    ['both ends are observed by --require', REQUIRED, REQUIRED],
    ['the parent is observed', IMPORTED, SOURCE],
    ['the child is observed', SOURCE, IMPORTED],
  ])('holds nobody, passes handles, ends and fails as without Sonde when %s', async (_, parent, child) => {
    expect(await behaviour(parent, child)).toEqual(bare);
  });
});
