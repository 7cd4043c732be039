import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AS_NOBODY, canBeNobody } from '../../../../test/fixtures/nobody.ts';
import { atExit } from '../../src/state/at-exit.ts';
import { type Rig, rig } from '../rig.ts';

const HEADER = '{"what":"sonde anomaly state","version":1,"savedMs":1700000000000}';
const FOREIGN = '{"name":"my-config","keep":true}\n';

let folder: string;
let path: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sonde-state-file-'));
  path = join(folder, 'state');
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that learns a little at this path and ends. */
async function live(before: (self: Rig) => void = () => {}): Promise<Rig> {
  const self = rig({ statePath: path }, undefined, { warn: (sentence) => said.push(sentence) });
  before(self);
  const level = self.meter.createGauge('shop.level');
  await self.run(5, (step) => level.record(step));
  await self.detection.shutdown();
  return self;
}

const isState = (): boolean => readFileSync(path, 'utf8').startsWith('{"what":"sonde anomaly state","version":1,');
const kept = (why: string): string =>
  `createAnomalyDetection: statePath: ${path} ${why}: it is kept as it is, and nothing is saved; name another file, or move this one away`;

test.each([
  ['JSON of somebody else', FOREIGN],
  ['text', 'hello'],
  ['a beginning that anything may have', '{"what":'],
  ['zeros', '\0'.repeat(100)],
])('a file that is no saved state is kept, and that is said once: %s', async (_, text) => {
  writeFileSync(path, text);
  await live();
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect([...new Set(said)]).toEqual([kept('is no saved state of Sonde')]);
});

test('a file that is put there later is kept, too', async () => {
  await live(() => writeFileSync(path, FOREIGN));
  expect(readFileSync(path, 'utf8')).toBe(FOREIGN);
});

test('a state of a newer version is kept for it', async () => {
  const newer = `${HEADER.replace(':1,', ':12,')}\n{"new":true}\n`;
  writeFileSync(path, newer, { mode: 0o600 });
  await live();
  expect(readFileSync(path, 'utf8')).toBe(newer);
  expect(said[0]).toBe(kept('was saved by a newer version of Sonde (its format is 12, known is 1)'));
});

test('a link and a folder are kept', async () => {
  const target = `${path}.target`;
  writeFileSync(target, FOREIGN);
  symlinkSync(target, path);
  await live();
  expect(readFileSync(path, 'utf8')).toBe(FOREIGN);
  expect(said[0]).toContain('cannot be read (ELOOP');
  path = join(folder, 'folder');
  mkdirSync(path);
  await live();
  expect(said.at(-1)).toBe(kept(`cannot be read (${path} is no file)`));
});

test('an empty file is as good as none', async () => {
  writeFileSync(path, '', { mode: 0o666 });
  await live();
  expect(isState()).toBe(true);
  expect(said).toEqual([]);
});

test('of a truncated state the whole lines are used, and it is said what is not', async () => {
  await live();
  const whole = readFileSync(path, 'utf8');
  expect(whole.trim().split('\n').length).toBeGreaterThan(2);
  truncateSync(path, whole.length - 10);
  await live();
  expect(said).toEqual([
    `createAnomalyDetection: statePath: damaged lines of ${path} are left out (1), the rest is used`,
  ]);
  expect(isState()).toBe(true);
});

test('a state whose first line is damaged is replaced, and that is said', async () => {
  writeFileSync(path, HEADER.slice(0, -8), { mode: 0o600 });
  await live();
  expect(said).toEqual([
    `createAnomalyDetection: statePath: ${path} is a damaged state: everything is learned anew, and the file is replaced at the next save`,
  ]);
  expect(isState()).toBe(true);
});

test('nothing is said of a state that is as it should be', async () => {
  await live();
  await live();
  expect(said).toEqual([]);
});

test('saveState to a file of somebody else rejects and keeps it; several at once are written one after the other', async () => {
  const { detection } = await live();
  writeFileSync(path, FOREIGN);
  await expect(detection.saveState(path)).rejects.toThrow(`saveState: ${path} is no saved state of Sonde`);
  expect(readFileSync(path, 'utf8')).toBe(FOREIGN);
  path = `${path}.other`;
  await Promise.all([detection.saveState(path), detection.saveState(path)]);
  expect(isState()).toBe(true);
  expect(existsSync(`${path}.${process.pid}.tmp`)).toBe(false);
});

test('a file that cannot be written is said at the start, and not again at the end', async () => {
  path = '/nope/x';
  await live(() => {
    expect(said).toEqual([
      "createAnomalyDetection: statePath: /nope/x cannot be written: what is learned is not saved (ENOENT: no such file or directory, access '/nope'); name a file in a folder that exists and that this process may write to",
    ]);
  });
  expect(said).toHaveLength(1);
});

/** What waits for the exit of a process, called by hand. */
function exits(): { readonly waiting: Set<() => void>; readonly onExit: (callback: () => void) => () => void } {
  const waiting = new Set<() => void>();
  return {
    waiting,
    onExit(callback) {
      waiting.add(callback);
      return () => waiting.delete(callback);
    },
  };
}

test('the state is written as the process exits, in the place of a writing that goes on, and not again after a shutdown', async () => {
  const { waiting, onExit } = exits();
  const self = rig({ statePath: path }, undefined, { onExit });
  const exit = (): void => {
    for (const callback of waiting) callback();
  };
  exit();
  expect(existsSync(path)).toBe(false);
  await self.run(3);
  const ending = self.detection.shutdown();
  exit();
  expect(isState()).toBe(true);
  await ending.catch(() => {});
  expect(waiting.size).toBe(0);
  expect(readdirSync(dirname(path))).toEqual(['state']);
});

test('without a state nothing waits for the exit, and nothing is written', () => {
  const { waiting, onExit } = exits();
  const { detection } = rig({}, undefined, { onExit });
  detection.start();
  detection.saveNow();
  expect(waiting.size).toBe(0);
});

test('many detections are one listener of the process, gone with the last of them', () => {
  const before = process.listenerCount('exit');
  const undos = Array.from({ length: 20 }, () => atExit(() => {}));
  expect(process.listenerCount('exit')).toBe(before + 1);
  for (const undo of undos) undo();
  expect(process.listenerCount('exit')).toBe(before);
});

test('a folder that exists only later is written to all the same', async () => {
  const later = `${path}-folder`;
  path = join(later, 'state');
  await live(() => mkdirSync(later));
  expect(isState()).toBe(true);
});

test.each([
  ['a user who may not', AS_NOBODY, [], 'EACCES: permission denied'],
  ['--permission', [], ['--permission', '--allow-fs-read=*'], '--permission does not allow it'],
])('it is said at the start, too: %s', (_, through, flags, reason) => {
  if (through === AS_NOBODY && !canBeNobody) return;
  const program = `
    import { createAnomalyDetection } from ${JSON.stringify(join(__dirname, '..', '..', 'src', 'index.ts'))};
    const warn = (sentence) => console.log(sentence);
    createAnomalyDetection({ statePath: ${JSON.stringify(join(folder, 'state'))} }, { warn }).start();
  `;
  const node = [process.execPath, '--conditions=@sonde/source', ...flags, '--input-type=module', '--eval', program];
  const [command = '', ...args] = [...through, ...node];
  const { stdout, stderr } = spawnSync(command, args, { cwd: __dirname, encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toContain(`cannot be written: what is learned is not saved (${reason}`);
});
