import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configureEventStream, eventStream, shared } from '../src/index.ts';
import { READ } from './streams.ts';

const RUNTIME: unique symbol = Symbol.for('sonde.runtime.1') as never;

/** A process as it starts: nobody has asked for a stream. */
beforeEach(() => (globalThis as { [RUNTIME]?: Map<string, unknown> })[RUNTIME]?.clear());

describe('the stream of the process', () => {
  it('is one, with 65,536 slots in the main thread, its process and thread', () => {
    const stream = eventStream();
    expect(eventStream()).toBe(stream);
    stream.event(READ).emit(undefined, 1);
    expect(stream.statistics().threads).toMatchObject([{ pid: process.pid, slots: 65_536, produced: 1 }]);
  });

  it('notes times as the epoch has them', () => {
    const before = Date.now();
    eventStream().event(READ).emit(performance.now());
    const [record] = eventStream().query().records();
    expect(record?.time).toBeGreaterThan(before - 1000);
    expect(record?.time).toBeLessThan(Date.now() + 1000);
  });

  it('takes other sizes before its first event, handles or not', () => {
    const handle = eventStream().event(READ);
    expect(configureEventStream({ slots: 2048 })).toBe(true);
    expect(configureEventStream({ textBytes: 1 << 17 })).toBe(true);
    handle.emit(1);
    expect(configureEventStream({ slots: 4096 })).toBe(false);
    expect(eventStream().statistics().threads).toMatchObject([{ slots: 2048 }]);
    expect(eventStream().descriptor().text.byteLength).toBe(1 << 17);
  });

  it('refuses bad sizes and stays as it was', () => {
    expect(() => configureEventStream({ slots: 10 })).toThrow(
      new RangeError('event stream: slots must be a number from 1024 to 16777216, got 10'),
    );
    eventStream().event(READ).emit(1);
    expect(eventStream().statistics().threads).toMatchObject([{ slots: 65_536 }]);
  });
});

describe('shared', () => {
  it('creates once, for whichever copy of a package asks first', () => {
    const create = jest.fn(() => ({}));
    expect(shared('test/thing', create)).toBe(shared('test/thing', create));
    expect(create).toHaveBeenCalledTimes(1);
    expect(shared('test/other', create)).not.toBe(shared('test/thing', create));
  });

  it.each(['__proto__', 'constructor', ''])('takes %j for a key like any other', (key) => {
    expect(shared(key, () => 5)).toBe(5);
    expect(shared(key, () => 6)).toBe(5);
  });

  it('keeps what is falsy, and asks again after a failure', () => {
    expect(shared('test/none', () => undefined)).toBeUndefined();
    expect(shared<number | undefined>('test/none', () => 5)).toBeUndefined();
    const fail = (): never => {
      throw new Error('not now');
    };
    expect(() => shared('test/late', fail)).toThrow('not now');
    expect(shared('test/late', () => 7)).toBe(7);
  });
});

it('readers that wait keep no process alive, and it exits as it would without them', async () => {
  const program = join(import.meta.dirname, 'fixtures/waiting-reader.ts');
  const args = ['--conditions=@sonde/source', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout.trim().split('\n').toSorted()).toEqual(['first 1', 'first 2', 'second 1', 'second 2']);
  expect(stderr).toBe('');
});
