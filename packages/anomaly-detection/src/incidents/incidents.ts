import type { Anomaly, AnomalySeverity } from '../types.ts';
import { movedTogether } from './moved-together.ts';
import type { Pauses } from './pauses.ts';
import { sentence } from './sentence.ts';
import type { OpenAnomaly, Subject } from './subject.ts';

/** Looks and time that an anomaly must have been over for, until its end is told. */
const CALM_LOOKS = 5;
const CALM_MS = 10_000;
/** After so long the anomaly is how things are. */
const ACCEPTED_MS = 3_600_000;
/** Anomalies whose onset is this close are told as one. */
const FOLD_LEAST_MS = 5_000;
const FOLD_MOST_MS = 120_000;
const FOLD_LOOKS = 3;
/** Looks before the onset and after it in which others may have moved. */
const MOVED_BEFORE = 2;
const MOST_FOLDED = 50;
/** Signals that are no mere other side of what else is unusual about the same series. */
const OWN_MATTERS: readonly string[] = ['error_share', 'growth'];
const HOUR_MS = 3_600_000;
/** Times as strong as an anomaly needs, from which on it is told as an error. */
const ERROR_STRENGTH = 2.2;
const LONGEST_TEXT = 300;

export interface IncidentsConfig {
  readonly intervalMs: number;
  readonly maxPerHour: number;
  readonly pauses: Pauses;
  readonly emit: (anomaly: Anomaly) => void;
  readonly suppress: (reason: 'paused' | 'rate_limit') => void;
}

interface Incident {
  readonly id: number;
  readonly lead: Subject;
  opened: OpenAnomaly;
  readonly members: Set<Subject>;
  /** Those that do not come back: their climb is over, and a new one is a new anomaly. */
  readonly left: Set<Subject>;
  readonly folded: string[];
  readonly detectedMs: number;
  hasNews: boolean;
  told: Anomaly | undefined;
}

/**
 * Makes anomalies of subjects into incidents: what begins together is one, told once when it begins and once when all of
 * it is over. What goes on for an hour is accepted as how things are.
 */
export class Incidents {
  readonly #config: IncidentsConfig;
  readonly #foldMs: number;
  readonly #incidents = new Set<Incident>();
  readonly #open = new Set<Subject>();
  #toldMs: number[] = [];
  #lastId = 0;

  constructor(config: IncidentsConfig) {
    this.#config = config;
    this.#foldMs = Math.min(Math.max(FOLD_LOOKS * config.intervalMs, FOLD_LEAST_MS), FOLD_MOST_MS);
  }

  /** Those that go on and were told. */
  current(): Anomaly[] {
    return [...this.#incidents].flatMap(({ told }) => (told === undefined ? [] : [told]));
  }

  /** The highest score of what goes on. */
  get score(): number {
    let highest = 0;
    for (const { told } of this.#incidents) if (told !== undefined) highest = Math.max(highest, told.score);
    return highest;
  }

  /** A look at one subject. */
  look(subject: Subject, look: number, nowMs: number): void {
    const { watch } = subject;
    subject.scores.note(look, watch.direction === 'down' ? -watch.score : watch.score);
    if (subject.open !== undefined) this.#follow(subject, subject.open, nowMs);
    else if (watch.isAlarm) this.#begin(subject, nowMs);
  }

  /** The end of a look: tells what began and what is over. */
  finish(all: () => Iterable<Subject>, look: number, nowMs: number): void {
    for (const subject of this.#open) {
      if (subject.open !== undefined && nowMs - subject.open.lastUnusualMs > ACCEPTED_MS) this.#close(subject);
    }
    for (const incident of this.#incidents) {
      if (incident.told === undefined) this.#tell(incident, all, look, nowMs);
      else if (incident.hasNews) this.#tellJoined(incident, incident.told);
      if (incident.members.size === 0) this.#end(incident, nowMs);
    }
  }

  /** A subject that is watched no more. */
  forget(subject: Subject): void {
    if (subject.open !== undefined) this.#close(subject);
  }

  #begin(subject: Subject, nowMs: number): void {
    const { watch } = subject;
    const isMuted = this.#config.pauses.has(subject.text, nowMs);
    const { expected, low, high, direction, value, score, strength } = watch;
    const onsetMs = Math.min(watch.onsetMs, nowMs);
    subject.open = {
      range: { expected, low, high, direction },
      onsetMs,
      openedMs: nowMs,
      score,
      strength,
      value,
      peak: value,
      calm: 0,
      lastUnusualMs: nowMs,
      rise: Number.NaN,
      isMuted,
    };
    watch.isOpen = true;
    this.#open.add(subject);
    if (isMuted) this.#config.suppress('paused');
    else this.#join(subject, subject.open, nowMs);
  }

  #join(subject: Subject, opened: OpenAnomaly, nowMs: number): void {
    const near = [...this.#incidents].find((incident) => this.#isNear(incident, subject, opened, nowMs));
    if (near !== undefined) {
      near.members.add(subject);
      if (near.folded.length >= MOST_FOLDED || near.folded.includes(subject.text) || near.lead === subject) return;
      near.folded.push(subject.text);
      near.hasNews = true;
      return;
    }
    this.#incidents.add({
      id: ++this.#lastId,
      lead: subject,
      opened,
      members: new Set([subject]),
      left: new Set(),
      folded: [],
      detectedMs: nowMs,
      hasNews: false,
      told: undefined,
    });
  }

  /**
   * The same series again, what began at the same time, or what was found at the same time. Once an incident was told,
   * only what is much the same joins it: another metric may be another matter, and nobody would hear of it, nor of the
   * failures of a route that was slow already. That failures and a leak were found at the same time is chance.
   */
  #isNear(incident: Incident, subject: Subject, opened: OpenAnomaly, nowMs: number): boolean {
    if (incident.left.has(subject)) return false;
    const { identity, watch } = incident.lead;
    const isOwnMatter = OWN_MATTERS.includes(subject.watch.signal) && subject.watch.signal !== watch.signal;
    if (identity.text === subject.identity.text && !isOwnMatter) return true;
    const isAlike = identity.name === subject.identity.name || subject.identity.source !== 'metric';
    if (incident.told !== undefined && !isAlike) return false;
    const isSameOnset = Math.abs(incident.opened.onsetMs - opened.onsetMs) <= this.#foldMs;
    return isSameOnset || (!isOwnMatter && nowMs - incident.detectedMs <= this.#foldMs);
  }

  #follow(subject: Subject, open: OpenAnomaly, nowMs: number): void {
    const { watch } = subject;
    if (!watch.goesOn(open.range)) {
      open.calm++;
      const isCalm = open.calm >= CALM_LOOKS && nowMs - open.lastUnusualMs >= CALM_MS;
      // What rests has been calm for minutes already.
      if (isCalm || watch.climbed?.isAtRest === true) this.#close(subject);
      return;
    }
    open.calm = 0;
    open.lastUnusualMs = nowMs;
    if (!Number.isNaN(watch.value)) open.value = watch.value;
    if (Math.abs(open.value - open.range.expected) > Math.abs(open.peak - open.range.expected)) open.peak = open.value;
    open.score = Math.max(open.score, watch.score);
    open.strength = Math.max(open.strength, watch.strength);
    if (open.isMuted && !this.#config.pauses.has(subject.text, nowMs)) {
      // It has outlasted the pause.
      open.isMuted = false;
      this.#join(subject, open, nowMs);
    }
    if (nowMs - open.openedMs > ACCEPTED_MS) this.#close(subject);
  }

  #close(subject: Subject): void {
    const { open, watch } = subject;
    const { climbed } = watch;
    if (open !== undefined && climbed !== undefined) {
      open.rise = climbed.rise;
      if (climbed.isAtRest) open.lastUnusualMs = climbed.risenMs;
      for (const incident of this.#incidents) if (incident.members.has(subject)) this.#leave(incident, subject, open);
    }
    subject.open = undefined;
    watch.isOpen = false;
    this.#open.delete(subject);
    for (const { members } of this.#incidents) members.delete(subject);
  }

  /** A climb is over: the level that it has left is no anomaly by itself, so that the values of its series go with it. */
  #leave(incident: Incident, subject: Subject, { lastUnusualMs, rise }: OpenAnomaly): void {
    const { text } = subject.identity;
    incident.left.add(subject);
    for (const member of incident.members) if (member.identity.text === text) incident.members.delete(member);
    if (incident.lead.identity.text === text) incident.opened = { ...incident.opened, lastUnusualMs, rise };
  }

  #tell(incident: Incident, all: () => Iterable<Subject>, look: number, nowMs: number): void {
    const { intervalMs, maxPerHour, suppress, emit } = this.#config;
    this.#toldMs = this.#toldMs.filter((toldMs) => nowMs - toldMs < HOUR_MS);
    if (this.#toldMs.length >= maxPerHour) {
      suppress('rate_limit');
      this.#incidents.delete(incident);
      return;
    }
    this.#toldMs.push(nowMs);
    const onsetLook = look - Math.ceil((nowMs - incident.opened.onsetMs) / intervalMs);
    const moved = movedTogether(all(), incident.lead, onsetLook - MOVED_BEFORE, look);
    incident.told = this.#anomaly(incident, { state: 'started', movedTogether: moved });
    incident.hasNews = false;
    emit(incident.told);
  }

  #tellJoined(incident: Incident, { movedTogether: moved }: Anomaly): void {
    incident.hasNews = false;
    incident.told = this.#anomaly(incident, { state: 'joined', movedTogether: moved });
    this.#config.emit(incident.told);
  }

  #end(incident: Incident, nowMs: number): void {
    this.#incidents.delete(incident);
    const { told } = incident;
    if (told === undefined) return;
    const endedMs = Math.max(incident.opened.lastUnusualMs, incident.opened.onsetMs);
    const ended = { state: 'ended' as const, endedMs: Math.min(endedMs, nowMs), movedTogether: told.movedTogether };
    this.#config.emit(this.#anomaly(incident, ended));
  }

  #anomaly(
    { id, lead, opened, folded, detectedMs }: Incident,
    rest: Pick<Anomaly, 'state' | 'movedTogether' | 'endedMs'>,
  ): Anomaly {
    const { identity, watch } = lead;
    const { range, score, strength, value, peak, onsetMs, rise } = opened;
    const severity: AnomalySeverity = strength >= ERROR_STRENGTH ? 'error' : 'warning';
    const facts = {
      id,
      source: identity.source,
      series: lead.text.slice(0, LONGEST_TEXT),
      name: identity.name,
      labels: identity.labels,
      signal: watch.signal,
      unit: watch.unit,
      severity,
      score,
      direction: range.direction,
      value,
      peak,
      expected: range.expected,
      expectedLow: range.low,
      expectedHigh: range.high,
      onsetMs,
      detectedMs,
      folded: [...folded],
      ...rest,
      ...(Number.isNaN(rise) ? {} : { rise }),
    };
    return { ...facts, message: sentence(facts) };
  }
}
