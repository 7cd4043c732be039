import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { enclose } from '../../src/processes/envelope.ts';
import { TakenUp } from '../../src/taken-up.ts';

const PEER = { isDown: false, takenUp: new TakenUp() };

class Asked implements Context {
  times = 0;
  getValue(): undefined {
    this.times += 1;
  }
  setValue(): Context {
    return ROOT_CONTEXT;
  }
  deleteValue(): Context {
    return ROOT_CONTEXT;
  }
}

afterEach(() => jest.useRealTimers());

test('the context that a message was sent in is forgotten within a second', () => {
  jest.useFakeTimers();
  const active = new Asked();
  const isAsked = (): boolean => {
    const before = active.times;
    enclose('m', active, 5, PEER);
    return active.times > before;
  };
  const [first, second] = [isAsked(), isAsked()];
  jest.advanceTimersByTime(1000);
  expect([first, second, isAsked()]).toEqual([true, false, true]);
  jest.runOnlyPendingTimers();
});
