import type { BoundCounter, BoundHistogram, BoundUpDownCounter } from '@sonde/hot-metrics';
import type { InstrumentsOf } from '@sonde/instrumentation-kit';
import { IGNORED, MAX_MOUNTS } from './mount-snapshot.ts';
import type { OperationDefinition } from './operations.ts';
import { ATTRIBUTE, type TELEMETRY } from './semantic-names.ts';
import type { ApiStyle, Mount } from './types.ts';

/** Error codes with a series of their own, per operation and mount. */
const MAX_ERRORS = 64;
const OTHER_ERROR = '_OTHER';

/** The series of one operation on one mount, with everything bound. */
export interface Row {
  /** Unique among rows: the index in the slow-operation policy. */
  readonly id: number;
  readonly operation: Operation;
  readonly mount: Mount;
  readonly duration: BoundHistogram;
  /** The last duration that was measured, in seconds: what calls that are not timed are taken to have lasted. */
  lastSeconds: number;
  /** Undefined for synchronous operations: none is ever in flight when somebody looks. */
  readonly active: BoundUpDownCounter | undefined;
  /** Undefined where no bytes are moved. */
  readonly io: BoundCounter | undefined;
  /** The counter of an error code. */
  errors(code: string): BoundCounter;
}

/** An operation in one style of call, and its rows by mount index. */
export interface Operation extends OperationDefinition {
  readonly api: ApiStyle;
  readonly rows: (Row | undefined)[];
  /** By mount index, how many more calls may go without reading the clock. For synchronous operations only. */
  readonly untimed: Uint16Array;
}

/** Finds or makes rows. */
export interface Series {
  /** Undefined for files that are not to be counted. An array read once the row exists. */
  row(operation: Operation, mount: number): Row | undefined;
}

/** An operation without rows as yet. */
export function createOperation(definition: OperationDefinition, api: ApiStyle): Operation {
  return { ...definition, api, rows: [], untimed: new Uint16Array(api === 'sync' ? MAX_MOUNTS : 0) };
}

/** Creates the series of a set of instruments. */
export function createSeries(
  instruments: InstrumentsOf<(typeof TELEMETRY)['metrics']>,
  mountAt: (index: number) => Mount,
): Series {
  let count = 0;
  const create = (operation: Operation, index: number): Row => {
    const mount = mountAt(index);
    const attributes = {
      [ATTRIBUTE.operation]: operation.name,
      [ATTRIBUTE.api]: operation.api,
      [ATTRIBUTE.mountpoint]: mount.mountpoint,
      [ATTRIBUTE.type]: mount.type,
    };
    const errors = new Map<string, BoundCounter>();
    const row: Row = {
      id: count++,
      operation,
      mount,
      duration: instruments.duration.bind(attributes),
      lastSeconds: 0,
      active: operation.api === 'sync' ? undefined : instruments.active.bind(attributes),
      io:
        operation.direction === undefined
          ? undefined
          : instruments.io.bind({ ...attributes, [ATTRIBUTE.direction]: operation.direction }),
      errors(code): BoundCounter {
        const name = errors.has(code) || errors.size < MAX_ERRORS ? code : OTHER_ERROR;
        const known = errors.get(name) ?? instruments.errors.bind({ ...attributes, [ATTRIBUTE.error]: name });
        errors.set(name, known);
        return known;
      },
    };
    operation.rows[index] = row;
    return row;
  };
  return {
    row: (operation, mount) => (mount === IGNORED ? undefined : (operation.rows[mount] ?? create(operation, mount))),
  };
}
