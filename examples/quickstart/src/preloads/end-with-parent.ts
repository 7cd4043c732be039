/** `--import` this into a program that must not outlive the process that started it, whatever that one dies of. */
import { isMainThread } from 'node:worker_threads';
import { endWithParent } from '../parent.ts';

if (isMainThread) endWithParent();
