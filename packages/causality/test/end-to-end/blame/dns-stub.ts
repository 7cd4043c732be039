import { createSocket, type Socket } from 'node:dgram';

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** 127.0.0.1, for a minute. */
const ANSWER = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);

/** The question of a query: where it ends, its first label and its type. */
function readQuestion(query: Buffer): { readonly end: number; readonly label: string; readonly type: number } {
  const length = query[HEADER_BYTES] ?? 0;
  const label = query.toString('latin1', HEADER_BYTES + 1, HEADER_BYTES + 1 + length);
  let at = HEADER_BYTES;
  while ((query[at] ?? 0) !== 0) at += (query[at] ?? 0) + 1;
  return { end: at + 5, label, type: query.readUInt16BE(at + 1) };
}

/** Every name is 127.0.0.1; others than addresses of version 4 do not exist. */
function answer(query: Buffer, end: number, type: number): Buffer {
  const isKnown = type === TYPE_A;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isKnown ? 1 : 0, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...(isKnown ? [ANSWER] : [])]);
}

/** A name server that answers `d250.sonde.test` after 250 ms. */
export async function startNameServer(port: number, address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port: from, address: to }) => {
    const { end, label, type } = readQuestion(query);
    const delayMs = Number(/^d(\d+)$/.exec(label)?.[1] ?? 0);
    setTimeout(() => socket.send(answer(query, end, type), from, to), delayMs);
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(port, address, resolve);
  });
  return socket;
}
