/**
 * What this node answers to a peer that is stuck at its height. Anybody may ask as often as the rate limit of messages
 * allows, so the answer is built at most once in `LASTS_MS`, and each proposal is encoded and hashed once.
 */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { Proposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Clock } from "../clock.ts";
import { KnownVotes, MAX_KNOWN_PROPOSALS, MAX_KNOWN_VOTES } from "./known-votes-message.ts";

/** Shorter than the time after which a peer that is still stuck asks again. */
const LASTS_MS = 100;

export interface KnownAnswerModules {
  readonly clock: Pick<Clock, "monotonic">;
  /** The height under way. */
  height(): number;
  known(): { readonly votes: readonly Vote[]; readonly proposals: readonly Proposal[] };
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

export class KnownAnswer {
  readonly #modules: KnownAnswerModules;
  readonly #encoded = new WeakMap<Proposal, Encoded>();
  /** Encoded proposals by the hash under which the last answer offers them. */
  #offered = new Map<string, Uint8Array>();
  #last:
    | { readonly bytes: Uint8Array; readonly madeAt: number; readonly height: number }
    | undefined;

  constructor(modules: KnownAnswerModules) {
    this.#modules = modules;
  }

  /** A proposal that is offered under this SHA-256. */
  find(hash: Uint8Array): Uint8Array | undefined {
    return this.#offered.get(toHex(hash));
  }

  /** Encoded `KnownVotes`. */
  bytes(): Uint8Array {
    const { clock, height } = this.#modules;
    const now = clock.monotonic();
    const isFresh = this.#last?.height === height() && now - this.#last.madeAt < LASTS_MS;
    if (this.#last !== undefined && isFresh) return this.#last.bytes;
    const bytes = this.#make();
    this.#last = { bytes, madeAt: now, height: height() };
    return bytes;
  }

  #make(): Uint8Array {
    const { height, known } = this.#modules;
    const { votes, proposals } = known();
    const offers = proposals.slice(0, MAX_KNOWN_PROPOSALS).map((one) => this.#encode(one));
    this.#offered = new Map(offers.map(({ bytes, hash }) => [toHex(hash), bytes]));
    return KnownVotes.serialize({
      height: height(),
      votes: votes.slice(0, MAX_KNOWN_VOTES),
      proposals: offers.map(({ hash }) => hash),
    });
  }

  #encode(proposal: Proposal): Encoded {
    const known = this.#encoded.get(proposal);
    if (known !== undefined) return known;
    const bytes = Proposal.serialize(proposal);
    const made = { bytes, hash: sha256(bytes) };
    this.#encoded.set(proposal, made);
    return made;
  }
}
