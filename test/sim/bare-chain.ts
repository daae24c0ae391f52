/**
 * The chain's rules without blocks, signatures and roots: what transactions and the ends of blocks do to a state,
 * and nothing else. So thousands of runs take seconds. Every block brings its own mix from a seed.
 */

import { tickJobs } from "../../chain/block-end/tick-jobs.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { freezeDrawWeights } from "../../chain/draw/frozen-weights.ts";
import { PomlError } from "../../chain/errors.ts";
import { DrawRoom } from "../../chain/job/draw-room.ts";
import { tickWindow } from "../../chain/rating/tick-window.ts";
import { endsEpoch } from "../../chain/schedule/epoch-of.ts";
import type { State } from "../../chain/state/state.ts";
import { tickTrack } from "../../chain/track/tick-track.ts";
import { ListRoom } from "../../chain/transactions/list-room.ts";
import { ruleOf } from "../../chain/transactions/rules.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { RatingChange } from "../../chain/types/node.ts";
import type { Payloads, TransactionKind } from "../../chain/types/transaction.ts";
import { type Person, TestChain } from "../helpers/chain.ts";

/** Account of the proposers, who do not matter here. */
const NOBODY = new Uint8Array(20);

const bases = new Map<string, TestChain>();

/** A fresh genesis state; made once for the same parameters. */
function baseOf(founders: number, parameters: Partial<Parameters>): TestChain {
  const name = JSON.stringify([founders, parameters], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  const known = bases.get(name) ?? new TestChain({ founders, parameters });
  bases.set(name, known);
  return known;
}

export class BareChain {
  readonly base: TestChain;
  readonly state: State;
  readonly changes: RatingChange[] = [];
  readonly #seed: Uint8Array;
  readonly #stepMs: bigint;
  #draws = DrawRoom.ofBlock();
  #lists = ListRoom.ofBlock();

  constructor(founders: number, parameters: Partial<Parameters>, seed: number) {
    this.base = baseOf(founders, parameters);
    this.state = this.base.head.state.fork();
    this.#seed = uint32Bytes(seed);
    this.#stepMs = BigInt(this.state.parameters.blockIntervalMs);
  }

  get height(): number {
    return this.state.height;
  }

  person(node: number): Person {
    return this.base.personOfNode(node);
  }

  /** @returns false for what the chain refuses */
  send<K extends TransactionKind>(from: Person, kind: K, value: Payloads[K]): boolean {
    const { publicKey } = from.keys;
    const address = addressOf(publicKey);
    const id = taggedHash("poml/simulated-id", this.#seed, uint32Bytes(this.height), publicKey);
    const room = { draws: this.#draws, lists: this.#lists };
    const context = { sender: publicKey, address, id, proposer: address, records: [], ...room };
    try {
      this.state.attempt(() =>
        ruleOf(kind).apply(this.state, value, { ...context, ratingChanges: this.changes }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      return false;
    }
  }

  /** One block. @param during sends what is in it */
  step(during: () => void): void {
    const { state } = this;
    const height = state.height + 1;
    this.#draws = DrawRoom.ofBlock();
    this.#lists = ListRoom.ofBlock();
    state.meta = { ...state.meta, height, time: state.meta.time + this.#stepMs };
    during();
    const mix = taggedHash("poml/simulated-mix", this.#seed, uint32Bytes(height));
    state.meta = { ...state.meta, mix };
    this.changes.push(...tickWindow(state), ...tickTrack(state));
    this.changes.push(...tickJobs(state, NOBODY));
    if (endsEpoch(height, state.parameters)) freezeDrawWeights(state);
  }
}
