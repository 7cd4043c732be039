import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { effortMs } from './effort.ts';

export interface Product {
  readonly id: string;
  readonly title: string;
  readonly cents: number;
  readonly tags: readonly string[];
}

const NAME = /^[a-z0-9-]{1,64}$/;

/** `GET /products/:id`: one JSON file, read with `fs/promises`. Some files are damaged, as files are: those answer 500. */
export function registerProducts(app: FastifyInstance, dataDir: string): void {
  app.get('/products/:id', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const { id } = request.params;
    const digest = checksumOf(id, effortMs(request, 'before'));
    const product = await loadProduct(dataDir, id);
    if (product === undefined) return reply.code(404).send({ error: 'no such product' });
    return { ...product, digest, similar: rankSimilar(product, effortMs(request, 'after')) };
  });
}

/** The product, or undefined where there is none. @throws SyntaxError for a damaged file */
export async function loadProduct(dataDir: string, id: string): Promise<Product | undefined> {
  if (!NAME.test(id)) return undefined;
  try {
    return JSON.parse(await readFile(join(dataDir, 'products', `${id}.json`), 'utf8')) as Product;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function checksumOf(id: string, effort: number): number {
  const until = performance.now() + effort;
  let checksum = 17;
  do {
    for (let i = 0; i < 400; i++) checksum = (checksum * 31 + id.charCodeAt(i % id.length)) | 0;
  } while (performance.now() < until);
  return checksum;
}

function rankSimilar(product: Product, effort: number): string[] {
  const until = performance.now() + effort;
  let ranked: string[] = [];
  do {
    ranked = [...product.tags].sort((a, b) => distance(a, product.title) - distance(b, product.title));
  } while (performance.now() < until);
  return ranked.slice(0, 5);
}

function distance(tag: string, title: string): number {
  let common = 0;
  for (const letter of tag) if (title.includes(letter)) common++;
  return tag.length - common;
}
