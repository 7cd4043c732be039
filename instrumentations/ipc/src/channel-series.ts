import type { BoundCounter, BoundHistogram, BoundUpDownCounter } from '@sonde/hot-metrics';
import type { ChannelNames } from './channels.ts';
import type { Surroundings } from './part.ts';
import { ATTRIBUTE } from './semantic-names.ts';

type Attributes = Readonly<Record<string, string>>;

/** The metric series of one channel, each bound at its first use: many channels go in one direction, most never fail. */
export class Series {
  readonly #instruments: Surroundings['instruments'];
  readonly #channel: Attributes;
  #sent: BoundCounter | undefined;
  #sendDuration: BoundHistogram | undefined;
  #consumed: BoundCounter | undefined;
  #processDuration: BoundHistogram | undefined;
  #wait: BoundHistogram | undefined;
  #depth: BoundUpDownCounter | undefined;
  #transmitted: BoundCounter | undefined;
  #obtained: BoundCounter | undefined;
  readonly #missed = new Map<string, BoundCounter>();

  constructor(names: ChannelNames, instruments: Surroundings['instruments']) {
    this.#instruments = instruments;
    this.#channel = { [ATTRIBUTE.system]: names.system, [ATTRIBUTE.destination]: names.destination };
  }

  get sent(): BoundCounter {
    this.#sent ??= this.#instruments.sent.bind(this.#of('send'));
    return this.#sent;
  }

  get sendDuration(): BoundHistogram {
    this.#sendDuration ??= this.#instruments.sendDuration.bind({
      ...this.#of('send'),
      [ATTRIBUTE.operationType]: 'send',
    });
    return this.#sendDuration;
  }

  get consumed(): BoundCounter {
    this.#consumed ??= this.#instruments.consumed.bind(this.#of('receive'));
    return this.#consumed;
  }

  get processDuration(): BoundHistogram {
    this.#processDuration ??= this.#instruments.processDuration.bind(this.#of('process'));
    return this.#processDuration;
  }

  get wait(): BoundHistogram {
    this.#wait ??= this.#instruments.queueWait.bind(this.#channel);
    return this.#wait;
  }

  get depth(): BoundUpDownCounter {
    this.#depth ??= this.#instruments.queueDepth.bind(this.#channel);
    return this.#depth;
  }

  get transmitted(): BoundCounter {
    this.#transmitted ??= this.#instruments.io.bind({ ...this.#channel, [ATTRIBUTE.direction]: 'transmit' });
    return this.#transmitted;
  }

  get obtained(): BoundCounter {
    this.#obtained ??= this.#instruments.io.bind({ ...this.#channel, [ATTRIBUTE.direction]: 'receive' });
    return this.#obtained;
  }

  get undelivered(): BoundCounter {
    return this.#instruments.undelivered.bind(this.#channel);
  }

  sendFailed(error: string): BoundCounter {
    return this.#instruments.sent.bind({ ...this.#of('send'), [ATTRIBUTE.error]: error });
  }

  receiveFailed(error: string): BoundCounter {
    return this.#instruments.consumed.bind({ ...this.#of('receive'), [ATTRIBUTE.error]: error });
  }

  /** Of a peer that is not instrumented, this is wanted for each message. */
  missed(reason: string): BoundCounter {
    const known = this.#missed.get(reason);
    if (known !== undefined) return known;
    const bound = this.#instruments.missed.bind({ ...this.#channel, [ATTRIBUTE.reason]: reason });
    this.#missed.set(reason, bound);
    return bound;
  }

  #of(operation: string): Attributes {
    return { ...this.#channel, [ATTRIBUTE.operation]: operation };
  }
}
