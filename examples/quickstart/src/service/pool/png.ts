import { crc32, deflateSync } from 'node:zlib';

/** PNG (ISO/IEC 15948), as much of it as a thumbnail needs: 8 bits a channel, red, green and blue, no filters. */

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS = 8;
const TRUE_COLOUR = 2;
const CHANNELS = 3;

/** A square picture; `colourAt` gives red, green and blue from 0 to 255. */
export function encodePng(side: number, colourAt: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const rowBytes = 1 + side * CHANNELS;
  const rows = Buffer.alloc(side * rowBytes);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) rows.set(colourAt(x, y), y * rowBytes + 1 + x * CHANNELS);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([BITS, TRUE_COLOUR], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')]);
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
