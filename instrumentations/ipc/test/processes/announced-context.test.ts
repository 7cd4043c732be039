import { EventEmitter } from 'node:events';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { AnnouncedContext, Mark } from '../../src/processes/announced-context.ts';
import type { LinkEnd, PendingMessage } from '../../src/processes/link-end.ts';

const PENDING = Symbol('kPendingMessages');

/** An end whose messages are put aside as Node does it. */
class End extends EventEmitter {
  readonly channel: { [PENDING]: PendingMessage[] } = { [PENDING]: [] };

  get pending(): PendingMessage[] {
    return this.channel[PENDING];
  }

  putAside(message: unknown): void {
    this.pending.push(['message', message, undefined]);
  }

  /** Node makes a new list once it has emitted what was in the old one. */
  flushed(): void {
    this.channel[PENDING] = [];
  }
}

function setUp() {
  const end = new End();
  let missed = 0;
  const announced = new AnnouncedContext(end as unknown as LinkEnd, () => {
    missed += 1;
  });
  return { end, announced, missed: () => missed };
}

const given = (sentMs: number) => ({ context: ROOT_CONTEXT, sentMs });

describe('an announced context', () => {
  it('belongs to the next message', () => {
    const { announced, missed } = setUp();
    announced.announce(given(1));
    expect(announced.take('a')).toEqual(given(1));
    expect(announced.take('b')).toBeUndefined();
    expect(missed()).toBe(0);
  });

  it('waits with a message that is put aside, behind others', () => {
    const { end, announced, missed } = setUp();
    end.putAside('older');
    announced.announce(given(1));
    end.putAside('mine');
    end.putAside('younger');
    announced.settle();
    expect(end.pending.map(([, , , mark]) => (mark instanceof Mark ? mark.given : mark))).toEqual([
      undefined,
      given(1),
      undefined,
    ]);
    expect([announced.isWaiting, missed()]).toEqual([false, 0]);
  });

  it('is not given to older messages that are emitted before it arrives', () => {
    const { end, announced, missed } = setUp();
    const older = { older: true };
    end.putAside(older);
    announced.announce(given(1));
    announced.settle();
    expect(announced.take(older)).toBeUndefined();
    end.flushed();
    expect(announced.take('mine')).toEqual(given(1));
    expect(missed()).toBe(0);
  });

  it('is given to a message that overtakes those put aside', () => {
    const { end, announced } = setUp();
    end.putAside({ older: true });
    announced.announce(given(1));
    expect(announced.take({ mine: true })).toEqual(given(1));
  });

  it('is given up where two messages cannot be told apart', () => {
    const { end, announced, missed } = setUp();
    end.putAside('alike');
    announced.announce(given(1));
    expect(announced.take('alike')).toBeUndefined();
    expect([announced.isWaiting, missed()]).toEqual([false, 1]);
  });

  it('is given up when something else comes, and when its message was emitted unseen', () => {
    const { end, announced, missed } = setUp();
    announced.announce(given(1));
    announced.cancel();
    expect(missed()).toBe(1);
    announced.announce(given(2));
    end.putAside('mine');
    end.flushed();
    expect(announced.take('another')).toBeUndefined();
    expect(missed()).toBe(2);
    announced.announce(given(3));
    announced.forget();
    expect([announced.take('x'), missed()]).toEqual([undefined, 2]);
  });
});
