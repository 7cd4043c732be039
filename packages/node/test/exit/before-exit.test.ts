import { EventEmitter } from 'node:events';
import { deliverBeforeExit, type ExitingProcess } from '../../src/exit/before-exit.ts';

/** A process whose loop is empty: it emits `beforeExit` until no listener starts anything. */
class Host extends EventEmitter {
  /** What keeps its loop alive. */
  active: string[] = [];

  getActiveResourcesInfo(): string[] {
    return [...this.active];
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('delivering before an exit', () => {
  let host: Host;
  let heard: number;
  let release: () => void;
  let deliveries: number;
  let hasNews: boolean;
  let undo: () => void;

  beforeEach(() => {
    host = new Host();
    heard = 0;
    deliveries = 0;
    hasNews = true;
    undo = deliverBeforeExit({
      process: host as unknown as ExitingProcess,
      hasNews: () => hasNews,
      deliver: () => {
        deliveries += 1;
        hasNews = false;
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    });
    host.on('beforeExit', () => {
      heard += 1;
    });
  });

  it('lets the application hear once what a delivery makes Node.js say twice', async () => {
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    host.emit('beforeExit', 0);
    expect({ heard, deliveries }).toEqual({ heard: 1, deliveries: 1 });
    expect(Object.hasOwn(host, 'emit')).toBe(false);
  });

  it('passes on every other event meanwhile, and the next round of the application', async () => {
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    let other = 0;
    host.on('other', (value: number) => {
      other = value;
    });
    expect(host.emit('other', 7)).toBe(true);
    expect(other).toBe(7);
    host.emit('beforeExit', 0);
    host.emit('beforeExit', 0);
    expect(heard).toBe(2);
  });

  it('swallows nothing when a listener of the application has started work of its own', async () => {
    host.once('beforeExit', () => host.active.push('Timeout'));
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    host.active = [];
    host.emit('beforeExit', 0);
    expect(heard).toBe(2);
  });

  it('is not misled by standard streams, which are listed but keep nothing alive', async () => {
    host.active = ['TTYWrap'];
    host.once('beforeExit', () => host.active.push('PipeWrap'));
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    host.emit('beforeExit', 0);
    expect(heard).toBe(1);
  });

  it('delivers again only when something was recorded since', async () => {
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    host.emit('beforeExit', 0);
    host.emit('beforeExit', 0);
    await settled();
    expect(deliveries).toBe(1);
    hasNews = true;
    host.emit('beforeExit', 0);
    await settled();
    expect(deliveries).toBe(2);
  });

  it('leaves the emit alone that somebody else has put over it', async () => {
    host.emit('beforeExit', 0);
    await settled();
    release();
    await settled();
    const ours = host.emit;
    const foreign = function (this: Host, ...args: Parameters<Host['emit']>): boolean {
      return Reflect.apply(ours, this, args) as boolean;
    };
    host.emit = foreign as Host['emit'];
    host.emit('beforeExit', 0);
    expect(heard).toBe(1);
    expect(host.emit).toBe(foreign);
  });

  it('does nothing once it is undone', async () => {
    undo();
    host.emit('beforeExit', 0);
    await settled();
    expect({ heard, deliveries }).toEqual({ heard: 1, deliveries: 0 });
  });
});
