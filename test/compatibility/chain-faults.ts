/** What must come out of applications/chain: eight traces, each whole, through every thread and process, none mixed up. */
import { attributes, hex, type Received, type Span } from '../end-to-end/otlp-sink.ts';

const REQUESTS = 8;
const SERVER = 2;
/** Kinds of channels that a request crosses on its way to the last service. */
const CHANNELS = ['nodejs.message_port', 'nodejs.child_process'];

interface Known {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly kind: number;
  readonly pid: unknown;
  readonly facts: Readonly<Record<string, unknown>>;
}

function read({ item, resource }: Received<Span>): Known {
  return {
    name: item.name,
    traceId: hex(item.traceId),
    spanId: hex(item.spanId),
    parentId: hex(item.parentSpanId),
    kind: item.kind,
    pid: resource['process.pid'],
    facts: attributes(item.attributes),
  };
}

/** The ancestors of a span, nearest first, as far as they are known. */
function ancestors(span: Known, byId: ReadonlyMap<string, Known>): Known[] {
  const found: Known[] = [];
  for (let up = byId.get(span.parentId); up !== undefined && !found.includes(up); up = byId.get(up.parentId)) {
    found.push(up);
  }
  return found;
}

function serverOf(spans: readonly Known[], path: string): Known[] {
  return spans.filter(({ kind, facts }) => kind === SERVER && facts['url.path'] === path);
}

function requestFaults(spans: readonly Known[], byId: ReadonlyMap<string, Known>, request: number): string[] {
  const [first, ...moreFirst] = serverOf(spans, `/chain/${request}`);
  const [last, ...moreLast] = serverOf(spans, `/stock/${request}`);
  if (first === undefined || last === undefined || moreFirst.length + moreLast.length > 0) {
    return [`request ${request} has not one server span at each end`];
  }
  if (first.traceId !== last.traceId) return [`request ${request} ends in another trace than it began in`];
  const way = ancestors(last, byId);
  const names = way.map(({ name }) => name).join(' <- ');
  const faults = way.includes(first) ? [] : [`request ${request}: what it asked for is not below it: ${names}`];
  const crossed = way.map(({ facts }) => facts['messaging.system']);
  const missing = CHANNELS.filter((channel) => !crossed.includes(channel));
  if (missing.length > 0) faults.push(`request ${request} crossed no ${missing.join(', ')}: ${names}`);
  const pids = new Set([last, ...way].map(({ pid }) => pid));
  if (pids.size !== 3) faults.push(`request ${request} went through ${pids.size} processes instead of 3: ${names}`);
  const trace = spans.filter(({ traceId }) => traceId === first.traceId);
  const orphans = trace.filter(({ parentId }) => parentId !== '' && !byId.has(parentId));
  if (orphans.length > 0)
    faults.push(`request ${request} has spans without their parent: ${orphans.map(({ name }) => name)}`);
  const roots = trace.filter(({ parentId }) => parentId === '');
  if (roots.length !== 1) faults.push(`request ${request} has ${roots.length} roots: ${roots.map(({ name }) => name)}`);
  return faults;
}

/** Every sentence is something that is wrong. */
export function chainFaults(received: readonly Received<Span>[]): string[] {
  const spans = received.map(read);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  return Array.from({ length: REQUESTS }, (_, request) => requestFaults(spans, byId, request)).flat();
}
