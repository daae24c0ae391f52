/**
 * What this node has searched in a round, durable before the manager hears of it: after a restart nothing is hashed
 * twice, and what was claimed stays what is committed to. Running digests lie here alone.
 */

import type { ClaimedUnit } from "../../../chain/workload/search/claims-file.ts";
import type { SearchedUnit } from "../../../chain/workload/search/segment-leaf.ts";
import type { Disk } from "../../disk.ts";
import { DurableLog } from "./durable-log.ts";
import { overlap, type Span, type Spans, spansOf, without } from "./leases/span.ts";
import { SpanSet } from "./leases/span-set.ts";

/** First byte of a record. */
const UNITS = 1;
const CLAIM = 2;
const FIND = 3;
const CLOSE = 4;
const TURN = 5;
/** Units of one record, at most. */
const MOST_OF_A_RECORD = 4_096;
const UNIT_BYTES = 24;

interface Kept {
  readonly minNonce: bigint;
  readonly running: Uint8Array;
}

export interface ClaimLimit {
  readonly units: number;
  readonly runs: number;
}

export class SearchedUnits {
  readonly #log: DurableLog;
  readonly #units = new Map<number, Kept>();
  readonly #claims = new SpanSet();
  readonly #finds = new Set<bigint>();
  #isClosed = false;
  #isTurned = false;

  private constructor(log: DurableLog) {
    this.#log = log;
  }

  static async open(folder: string, disk: Disk): Promise<SearchedUnits> {
    const { log, records } = await DurableLog.open(folder, disk);
    const units = new SearchedUnits(log);
    for (const record of records) units.#replay(record);
    return units;
  }

  /** Number of this process among those that searched in this round, from 1. */
  get life(): number {
    return this.#log.life;
  }

  /** What is claimed is decided. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** It closed with more to search: the next round goes on from here. */
  get isTurned(): boolean {
    return this.#isTurned;
  }

  get finds(): readonly bigint[] {
    return [...this.#finds];
  }

  /** Units that may be claimed and are searched. */
  get claimable(): number {
    return this.#claims.size;
  }

  /** Units that may be claimed. */
  get claims(): Spans {
    return this.#claims.spans;
  }

  has(unit: number): boolean {
    return this.#units.has(unit);
  }

  /**
   * Takes over what the round before searched and did not claim. Resolves when it is durable.
   * @returns the units of it that are not claimed here
   */
  async goOnFrom(before: SearchedUnits): Promise<Spans> {
    const units: SearchedUnit[] = [];
    const all: Span[] = [];
    for (const [unit, kept] of before.#units) {
      const isClaimed = before.#claims.touches({ from: unit, to: unit + 1 });
      if (isClaimed) continue;
      all.push({ from: unit, to: unit + 1 });
      if (!this.has(unit)) units.push({ unit: BigInt(unit), ...kept });
    }
    for (let at = 0; at < units.length; at += MOST_OF_A_RECORD) {
      await this.put(units.slice(at, at + MOST_OF_A_RECORD));
    }
    // Its claim has them too; the chain takes each once.
    for (const nonce of before.#finds) await this.find(nonce);
    return without(spansOf(all), this.claims);
  }

  /** Resolves when they are durable. */
  async put(units: readonly SearchedUnit[]): Promise<void> {
    const record = new Uint8Array(1 + UNIT_BYTES * units.length);
    record[0] = UNITS;
    const view = new DataView(record.buffer);
    units.forEach(({ unit, minNonce, running }, i) => {
      const at = 1 + UNIT_BYTES * i;
      view.setBigUint64(at, unit, true);
      view.setBigUint64(at + 8, minNonce, true);
      record.set(running, at + 16);
    });
    await this.#log.append(record);
    this.#replay(record);
  }

  /** The log of leases gives these units to this node. */
  async claim({ from, to }: Span): Promise<void> {
    const record = new Uint8Array(17);
    record[0] = CLAIM;
    const view = new DataView(record.buffer);
    view.setBigUint64(1, BigInt(from), true);
    view.setBigUint64(9, BigInt(to), true);
    this.#replay(record);
    await this.#log.append(record);
  }

  async find(nonce: bigint): Promise<void> {
    if (this.#finds.has(nonce)) return;
    const record = new Uint8Array(9);
    record[0] = FIND;
    new DataView(record.buffer).setBigUint64(1, nonce, true);
    this.#replay(record);
    await this.#log.append(record);
  }

  /** No claims after this. */
  async close(isTurned = false): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isTurned = isTurned;
    await this.#log.append(Uint8Array.of(isTurned ? TURN : CLOSE));
  }

  /**
   * By number, at most so many, in at most so many runs.
   * @param open what may be claimed in the round at all
   */
  claimed(limit: ClaimLimit, open: Spans): SearchedUnit[] {
    const claimed: SearchedUnit[] = [];
    let [runs, last] = [0, -1];
    for (const { from, to } of overlap(this.#claims.spans, open)) {
      for (let unit = from; unit < to && claimed.length < limit.units; unit++) {
        const kept = this.#units.get(unit);
        if (kept === undefined) continue;
        if (runs === 0 || unit !== last + 1) runs++;
        if (runs > limit.runs) return claimed;
        claimed.push({ unit: BigInt(unit), ...kept });
        last = unit;
      }
    }
    return claimed;
  }

  end(): Promise<void> {
    return this.#log.close();
  }

  /** The manager may say it again, and a set takes what is new alone. */
  #claim(span: Span): void {
    for (const part of without([span], this.#claims.within(span))) this.#claims.add(part);
  }

  #replay(record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    switch (record[0]) {
      case UNITS:
        for (let at = 1; at + UNIT_BYTES <= record.length; at += UNIT_BYTES) {
          this.#units.set(Number(view.getBigUint64(at, true)), {
            minNonce: view.getBigUint64(at + 8, true),
            running: record.slice(at + 16, at + UNIT_BYTES),
          });
        }
        break;
      case CLAIM:
        if (this.#isClosed) break;
        this.#claim({
          from: Number(view.getBigUint64(1, true)),
          to: Number(view.getBigUint64(9, true)),
        });
        break;
      case FIND:
        this.#finds.add(view.getBigUint64(1, true));
        break;
      case TURN:
        this.#isClosed = true;
        this.#isTurned = true;
        break;
      default:
        this.#isClosed = true;
    }
  }
}

export function withoutRunning({ unit, minNonce }: SearchedUnit): ClaimedUnit {
  return { unit, minNonce };
}
