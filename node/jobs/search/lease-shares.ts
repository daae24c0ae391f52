/**
 * Shares of leases: with each lease a sub-manager signs which units it gave to whom, and of which lease of its own they
 * are. Whoever turns to a manager higher up shows these signatures, so nobody can take or deliver units that it was
 * never given.
 */
import { toHex } from "../../../chain/crypto/hash.ts";
import { type KeyPair, verifySync } from "../../../chain/crypto/keys.ts";
import { signingRoot } from "../../../chain/crypto/signing.ts";
import { LeaseShare } from "../../../chain/types/lease.ts";
import { TokenBuckets } from "../../../p2p/token-bucket.ts";
import { MAX_SHARES, type WireShare } from "./lease-wire.ts";
import { type Ancestry, namesWithin } from "./leases/ancestry.ts";
import { type Span, sizeOf, spansOf, without } from "./leases/span.ts";
import type { LeaseTree } from "./leases/tree.ts";
import type { RoundPlace } from "./member-wire.ts";

export interface LeaseSharesOptions extends RoundPlace {
  readonly genesisRoot: Uint8Array;
  readonly tree: LeaseTree;
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
}

/** Units, and the lease of `holder` that somebody below it had them from. */
export interface Given extends Span {
  readonly holder: number;
  readonly lease: number;
  readonly taker: number;
}

/** Signatures of one node's messages that are worked out; what is above waits for the next message. */
const SIGNATURES = { burst: 256, perSecond: 32 };
/** Of all nodes together, since they are worked out on the thread of consensus. */
const ALL_SIGNATURES = { burst: 1_024, perSecond: 128 };
const ALL = "all";
/** Shares whose signatures hold, of the last ones seen. */
const REMEMBERED = 4_096;
/** Shares that a node keeps for the case that its parent dies; older ones are settled long since. */
const MOST_KEPT = 1_024;

export class LeaseShares {
  readonly #options: LeaseSharesOptions;
  readonly #signatures = new TokenBuckets(SIGNATURES);
  readonly #all = new TokenBuckets(ALL_SIGNATURES);
  readonly #right = new Set<string>();
  #kept: WireShare[] = [];

  constructor(options: LeaseSharesOptions) {
    this.#options = options;
  }

  sign(keys: KeyPair, share: Omit<WireShare, "signature">): WireShare {
    return { ...share, signature: keys.sign(this.#rootOf(share)) };
  }

  /** Those that their givers signed, and that go down the tree; at most as many as the sender's rate allows. */
  right(shares: readonly WireShare[], from: number, now: number): WireShare[] {
    return shares.filter((share) => this.#isRight(share, from, now));
  }

  /** Keeps shares of leases that this node has. */
  keep(shares: readonly WireShare[]): void {
    const isNews = (share: WireShare): boolean => !this.#kept.some((known) => isSame(known, share));
    this.#kept.push(...shares.filter(isNews));
    this.#kept = this.#kept.slice(-MOST_KEPT);
  }

  /** What this node keeps about units, the newest first. */
  about(spans: readonly Span[]): WireShare[] {
    const set = spansOf(spans);
    const isAbout = (share: WireShare): boolean =>
      set.some(({ from, to }) => share.from < to && share.to > from);
    return this.#kept.filter(isAbout).reverse().slice(0, MAX_SHARES);
  }

  /**
   * By which leases the managers above know units.
   * @param taker who has them from the manager `giver`
   */
  ancestryOf(
    shares: readonly WireShare[],
    { taker, giver, from, to }: Span & { readonly taker: number; readonly giver: number },
  ): Ancestry {
    const path = this.#options.tree.above(taker);
    const below = path.indexOf(giver);
    const levels: { lease: number; from: number; to: number }[][] = path.map(() => []);
    for (const share of shares) {
      const place = path.indexOf(share.giver) + share.level - below;
      const names = levels[place];
      if (!path.includes(share.giver) || names === undefined) continue;
      const name = { lease: share.lease, from: Number(share.from), to: Number(share.to) };
      names.push(...namesWithin([name], { from, to }));
    }
    return levels.slice(0, path.length - below);
  }

  /** Whether shares of this giver to this taker have all units. */
  cover(
    shares: readonly WireShare[],
    { taker, giver, from, to }: Span & { readonly taker: number; readonly giver: number },
  ): boolean {
    const own = shares.filter((share) => share.giver === giver && share.taker === taker);
    const spans = own.map((share) => ({ from: Number(share.from), to: Number(share.to) }));
    return sizeOf(without([{ from, to }], spansOf(spans))) === 0;
  }

  /** Whether the units went from the holder of a lease, by shares one under the other, to the taker. */
  isGiven(shares: readonly WireShare[], { holder, lease, taker, from, to }: Given): boolean {
    const way = this.#options.tree.above(taker);
    if (!way.includes(holder)) return false;
    const reached = new Set([holder]);
    const hasUnits = (share: WireShare): boolean =>
      share.from <= BigInt(from) && share.to >= BigInt(to);
    // From the holder down, each node on the way to the taker.
    for (const node of [...way.slice(0, way.indexOf(holder)).reverse(), taker]) {
      const isReached = shares.some(
        (share) =>
          share.taker === node &&
          hasUnits(share) &&
          reached.has(share.giver) &&
          (share.giver !== holder || share.lease === lease),
      );
      if (isReached) reached.add(node);
    }
    return reached.has(taker);
  }

  #isRight(share: WireShare, from: number, now: number): boolean {
    const { tree, keyOf } = this.#options;
    const { giver, taker, signature } = share;
    if (share.from >= share.to || share.to > BigInt(Number.MAX_SAFE_INTEGER)) return false;
    if (!tree.isBelow(taker, giver)) return false;
    const root = this.#rootOf(share);
    const name = `${toHex(root)}${toHex(signature)}`;
    if (this.#right.has(name)) return true;
    if (!this.#signatures.take(`${from}`, now) || !this.#all.take(ALL, now)) return false;
    if (!verifySync(keyOf(giver), root, signature)) return false;
    if (this.#right.size >= REMEMBERED) this.#right.clear();
    this.#right.add(name);
    return true;
  }

  #rootOf(share: Omit<WireShare, "signature">): Uint8Array {
    const { job, round, genesisRoot } = this.#options;
    const { giver, taker, lease, level, from, to } = share;
    const value = { job, round, giver, taker, lease, level, from, to };
    return signingRoot("lease-share", genesisRoot, LeaseShare.hashTreeRoot(value));
  }
}

function isSame(a: WireShare, b: WireShare): boolean {
  return (
    a.giver === b.giver &&
    a.taker === b.taker &&
    a.lease === b.lease &&
    a.level === b.level &&
    a.from === b.from &&
    a.to === b.to
  );
}
