/** A folder outside the repository with one SDK line, the packed packages of Sonde and the applications of the matrix. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileSpec, installApplication, type PackedPackage, ROOT, readManifest } from '../packaging/published.ts';
import { SDK_LINES, type SdkLine } from './sdk-lines.ts';

interface Versions {
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The release that the instrumentation is developed with. */
function piscinaVersion(): string {
  const { devDependencies } = readManifest(join(ROOT, 'instrumentations', 'ipc')) as unknown as Versions;
  if (devDependencies.piscina === undefined) throw new Error('piscina is no devDependency of instrumentations/ipc');
  return devDependencies.piscina;
}

/** Installs the packages as users would: tarballs and exact OpenTelemetry versions in one `npm install`. */
export async function makeSandbox(folder: string, line: SdkLine, packages: readonly PackedPackage[]): Promise<string> {
  const tarballs = Object.fromEntries(packages.map((one) => [one.name, fileSpec(one)]));
  const peers = packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}));
  const unknown = peers.find((peer) => peer.startsWith('@opentelemetry/') && !(peer in SDK_LINES[line]));
  if (unknown !== undefined) throw new Error(`sdk-lines.ts does not say which ${unknown} belongs to ${line}`);
  await installApplication(folder, { ...SDK_LINES[line], ...tarballs, piscina: piscinaVersion() });
  cpSync(join(import.meta.dirname, 'applications'), folder, { recursive: true });
  return folder;
}
