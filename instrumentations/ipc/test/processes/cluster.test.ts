import { IMPORTED, runForJson, SOURCE } from './fixtures/run.ts';

interface Seen {
  readonly served: readonly string[];
  readonly answers: readonly string[];
  readonly sent: number;
  readonly consumed: number;
}

const served = Array.from({ length: 6 }, () => 'served in none');

describe('a cluster', () => {
  it('keeps the trace of messages both ways, and counts no connection that the primary hands over', async () => {
    const seen = await runForJson<Seen>('cluster.ts', [], { execArgv: IMPORTED });
    expect(seen.served).toEqual(served);
    expect(seen.answers).toEqual([
      'number {"done":{"job":0},"in":"1"} in 1',
      'number {"done":{"job":1},"in":"2"} in 2',
    ]);
    expect(seen).toMatchObject({ sent: 2, consumed: 2 });
  });

  it('works without Sonde as this test thinks', async () => {
    const seen = await runForJson<Seen>('cluster.ts', [], { execArgv: SOURCE });
    expect(seen.served).toEqual(served);
    expect(seen.answers).toEqual([
      'number {"done":{"job":0},"in":"none"} in none',
      'number {"done":{"job":1},"in":"none"} in none',
    ]);
  });
});
