import type { BoundCounter, BoundHistogram, BoundUpDownCounter } from '@sonde/hot-metrics';
import type { ChannelNames } from './channels.ts';
import type { Surroundings } from './part.ts';
import { ATTRIBUTE } from './semantic-names.ts';

/** The metric series of one channel. */
export interface Series {
  readonly sent: BoundCounter;
  readonly consumed: BoundCounter;
  readonly sendDuration: BoundHistogram;
  readonly processDuration: BoundHistogram;
  readonly wait: BoundHistogram;
  readonly depth: BoundUpDownCounter;
  readonly transmitted: BoundCounter;
  readonly obtained: BoundCounter;
  readonly undelivered: BoundCounter;
  readonly sendFailed: (error: string) => BoundCounter;
  readonly receiveFailed: (error: string) => BoundCounter;
  readonly missed: (reason: string) => BoundCounter;
}

/** Binds a series at its first use: most channels never fail, and many go in one direction. */
function lazily<T>(bind: () => T): () => T {
  let bound: T | undefined;
  return () => {
    bound ??= bind();
    return bound;
  };
}

/** Creates the series of a channel. */
export function createSeries(names: ChannelNames, instruments: Surroundings['instruments']): Series {
  const channel = { [ATTRIBUTE.system]: names.system, [ATTRIBUTE.destination]: names.destination };
  const of = (operation: string): Record<string, string> => ({ ...channel, [ATTRIBUTE.operation]: operation });
  const sent = lazily(() => instruments.sent.bind(of('send')));
  const consumed = lazily(() => instruments.consumed.bind(of('receive')));
  const sendDuration = lazily(() =>
    instruments.sendDuration.bind({ ...of('send'), [ATTRIBUTE.operationType]: 'send' }),
  );
  const processDuration = lazily(() => instruments.processDuration.bind(of('process')));
  const wait = lazily(() => instruments.queueWait.bind(channel));
  const depth = lazily(() => instruments.queueDepth.bind(channel));
  const transmitted = lazily(() => instruments.io.bind({ ...channel, [ATTRIBUTE.direction]: 'transmit' }));
  const obtained = lazily(() => instruments.io.bind({ ...channel, [ATTRIBUTE.direction]: 'receive' }));
  const undelivered = lazily(() => instruments.undelivered.bind(channel));
  return {
    get sent() {
      return sent();
    },
    get consumed() {
      return consumed();
    },
    get sendDuration() {
      return sendDuration();
    },
    get processDuration() {
      return processDuration();
    },
    get wait() {
      return wait();
    },
    get depth() {
      return depth();
    },
    get transmitted() {
      return transmitted();
    },
    get obtained() {
      return obtained();
    },
    get undelivered() {
      return undelivered();
    },
    sendFailed: (error) => instruments.sent.bind({ ...of('send'), [ATTRIBUTE.error]: error }),
    receiveFailed: (error) => instruments.consumed.bind({ ...of('receive'), [ATTRIBUTE.error]: error }),
    missed: (reason) => instruments.missed.bind({ ...channel, [ATTRIBUTE.reason]: reason }),
  };
}
