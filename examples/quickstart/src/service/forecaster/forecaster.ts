/**
 * The forecaster: a process of its own that says how much of each thing will be wanted, and asks the stock service how
 * much there is. It lives as long as the channel to the thread that forked it.
 */
import { askStock, closeStockConnections } from '../stock/client.ts';
import type { Forecast, ForecastReply, ForecastRequest } from './messages.ts';

const HISTORY_DAYS = 365;
const SMOOTHING = 0.3;

// Ctrl-C reaches every process of a terminal at once: whoever forked this one ends it, after the last answer.
process.on('SIGINT', () => undefined);
process.on('disconnect', closeStockConnections);
process.on('message', (request: ForecastRequest) => void answer(request));

async function answer(request: ForecastRequest): Promise<void> {
  const reply = await forecast(request).then(
    (made): ForecastReply => ({ id: request.id, forecast: made }),
    (error: Error): ForecastReply => ({ id: request.id, error: error.message }),
  );
  if (process.connected) process.send?.(reply);
}

async function forecast({ day, words }: ForecastRequest): Promise<Forecast> {
  const items = await Promise.all(
    words.map(async (sku) => {
      const { left } = await askStock(sku);
      return { sku, expected: expectedSales(sku, day), left };
    }),
  );
  return { items };
}

/** Exponential smoothing over a year of made-up sales. */
function expectedSales(sku: string, day: string): number {
  const seed = sku.length * 7 + day.charCodeAt(day.length - 1);
  let level = seed % 20;
  for (let i = 0; i < HISTORY_DAYS; i++) {
    const sold = 10 + 8 * Math.sin((i + seed) / 7) + 3 * Math.sin(i * seed);
    level += SMOOTHING * (sold - level);
  }
  return Math.round(level);
}
