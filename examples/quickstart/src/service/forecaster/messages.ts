/** What goes to the forecaster and what comes back, as messages between processes. */

export interface ForecastOrder {
  readonly day: string;
  readonly words: readonly string[];
}

export interface Forecast {
  readonly items: readonly { readonly sku: string; readonly expected: number; readonly left: number }[];
}

export interface ForecastRequest extends ForecastOrder {
  readonly id: number;
}

export type ForecastReply =
  | { readonly id: number; readonly forecast: Forecast }
  | { readonly id: number; readonly error: string };
