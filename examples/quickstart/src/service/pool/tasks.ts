/**
 * What a thread of the pool can do (`RenderPool` in pool.ts asks for it by name). Each thread keeps a forecaster of its
 * own, a forked process, as long as it runs.
 */
import { readFile } from 'node:fs/promises';
import { createForecasters, type Forecast } from './forecasters.ts';
import { encodePng } from './png.ts';

const SIDE = 96;
const MOST_WORDS = 3;

const forecasters = createForecasters();

export interface ThumbnailTask {
  readonly title: string;
  readonly tags: readonly string[];
}

export interface ReportTask {
  readonly day: string;
  readonly file: string;
}

export interface DayReport {
  readonly day: string;
  readonly entries: number;
  readonly words: readonly { readonly word: string; readonly count: number }[];
  readonly forecast: Forecast;
}

/** A picture for a product: a woven pattern, made of its words. */
export function thumbnail({ title, tags }: ThumbnailTask): Uint8Array {
  const waves = [title, ...tags].map((word) => 1 + (hash(word) % 17));
  return encodePng(SIDE, (x, y) => {
    let [warp, weft] = [0, 0];
    for (const [i, wave] of waves.entries()) {
      warp += Math.sin((x * wave) / SIDE + i);
      weft += Math.cos((y * wave) / SIDE - i);
    }
    return [shade(warp), shade(weft), shade(warp * weft)];
  });
}

/** What was sold on a day, what is likely to be asked for, and how much of that there is. */
export async function dayReport({ day, file }: ReportTask): Promise<DayReport> {
  const lines = (await readFile(file, 'latin1')).split('\n').filter((line) => line !== '');
  const words = mostFrequent(lines);
  const forecast = await forecasters.current().forecast({ day, words: words.map(({ word }) => word) });
  return { day, entries: lines.length, words, forecast };
}

/** Does nothing, when the thread is ready. */
export function greet(): void {}

/** Ends the forecaster of this thread. */
export function retire(): Promise<void> {
  return forecasters.end();
}

/** Piscina gives a thread no task before the promise that its file exports is settled. */
export default forecasters
  .current()
  .forecast({ day: '', words: [] })
  .then(
    () => greet,
    () => greet, // one that did not start is started again for the first report
  );

function mostFrequent(lines: readonly string[]): DayReport['words'] {
  const counts = new Map<string, number>();
  for (const line of lines)
    for (const word of line.split(' ').slice(1, -1)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_WORDS);
}

function shade(value: number): number {
  return Math.round(127.5 * (1 + Math.sin(value)));
}

function hash(word: string): number {
  let value = 7;
  for (let i = 0; i < word.length; i++) value = (value * 31 + word.charCodeAt(i)) >>> 0;
  return value;
}
