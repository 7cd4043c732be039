import { MICROS_LENGTH, STAMP_LENGTH } from './stamp.ts';

/*
 * All that comes with a message stands in one string, the `cmd` of its envelope, since each property more costs more than
 * what is in it. Only the end of it changes from one message of a request to the next:
 *
 *   NODE_SONDE_MSG_1 <trace id, 32> <span id, 16> <flags, 2>
 *     [! <sent, 9> <taken up, 9>] [line feed <tracestate> line feed <baggage>] <stamp, 21>
 *
 * without the spaces, and zeros where there is no trace. The times are those of the message that this one answers.
 */
export const ENVELOPE = 'NODE_SONDE_MSG_1';
export const TRACE_ID_LENGTH = 32;
export const SPAN_ID_LENGTH = 16;
export const TRACE_ID_AT: number = ENVELOPE.length;
export const SPAN_ID_AT: number = TRACE_ID_AT + TRACE_ID_LENGTH;
export const FLAGS_AT: number = SPAN_ID_AT + SPAN_ID_LENGTH;
/** Where the ids and flags end. */
export const IDS_END: number = FLAGS_AT + 2;
export const NO_HEAD: string = ENVELOPE.padEnd(IDS_END, '0');
/** Neither the line feed of a text nor a digit of a stamp. */
export const ACCOUNT_MARK = '!';
export const ACCOUNT_AT: number = IDS_END + ACCOUNT_MARK.length;
export const ACCOUNT_LENGTH: number = ACCOUNT_MARK.length + 2 * MICROS_LENGTH;
/** Of a command that says nothing but ids. */
export const MIN_LENGTH: number = IDS_END + STAMP_LENGTH;

/** Among the flags: the sender itself had only been given the context. W3C uses two of the eight. */
export const PASSED_ON = 0x80;
export const MAX_FLAGS = 0x7f;

/** Two hex digits. */
export function flagsText(flags: number): string {
  return flags < 16 ? `0${flags.toString(16)}` : flags.toString(16);
}
