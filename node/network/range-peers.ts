/**
 * What a RangePlan knows about the peers: what each claims to serve, how long it rests after a failure, and which one
 * to ask next. Pure; only `exclude` blames a peer.
 */

export interface Claim {
  /** Blocks from here to `height` are served. */
  readonly lowest: number;
  readonly height: number;
}

export interface Choice {
  readonly from: number;
  /** Peers that were asked for it without success; they are asked again only when no other peer is free. */
  readonly tried: ReadonlySet<string>;
  readonly mustBeUntried: boolean;
  readonly requestsPerPeer: number;
  /** The number of open requests to a peer. */
  loadOf(name: string): number;
}

interface Peer {
  claim: Claim;
  failures: number;
  restsUntil: number;
  nextRequestAt: number;
}

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

export class RangePeers {
  readonly #peers = new Map<string, Peer>();
  readonly #excluded = new Set<string>();

  offer(name: string, claim: Claim): void {
    if (this.#excluded.has(name)) return;
    const known = this.#peers.get(name);
    if (known !== undefined) known.claim = claim;
    else this.#peers.set(name, { claim, failures: 0, restsUntil: 0, nextRequestAt: 0 });
  }

  remove(name: string): void {
    this.#peers.delete(name);
  }

  /** Permanently. */
  exclude(name: string): void {
    this.#excluded.add(name);
    this.#peers.delete(name);
  }

  isExcluded(name: string): boolean {
    return this.#excluded.has(name);
  }

  /** The highest height that any peer claims. */
  get highest(): number {
    return Math.max(0, ...[...this.#peers.values()].map(({ claim }) => claim.height));
  }

  anyServes(height: number): boolean {
    return [...this.#peers.values()].some(({ claim }) => serves(claim, height));
  }

  claimOf(name: string): Claim | undefined {
    return this.#peers.get(name)?.claim;
  }

  /** Corrects the claim of a peer that turned out to serve less. */
  correct(name: string, change: Partial<Claim>): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.claim = { ...peer.claim, ...change };
  }

  /** Sends it no requests until then; this says nothing about the peer. */
  pause(name: string, until: number): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.nextRequestAt = until;
  }

  /** It sent nothing, or too late: it rests, longer each time. */
  rest(name: string, now: number): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    peer.restsUntil = now + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** peer.failures);
    peer.failures++;
  }

  /** It sent what was requested. */
  praise(name: string): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.failures = 0;
  }

  /** Moments at which a peer may be asked again. */
  times(): number[] {
    return [...this.#peers.values()].flatMap((peer) => [peer.restsUntil, peer.nextRequestAt]);
  }

  /** The peer to ask: first those not tried before, then the least busy, then the most reliable. */
  best({ from, tried, mustBeUntried, requestsPerPeer, loadOf }: Choice, now: number) {
    const free = [...this.#peers].filter(
      ([name, { claim, restsUntil, nextRequestAt }]) =>
        serves(claim, from) &&
        restsUntil <= now &&
        nextRequestAt <= now &&
        loadOf(name) < requestsPerPeer &&
        !(mustBeUntried && tried.has(name)),
    );
    free.sort(
      ([a, one], [b, two]) =>
        Number(tried.has(a)) - Number(tried.has(b)) ||
        loadOf(a) - loadOf(b) ||
        one.failures - two.failures ||
        one.nextRequestAt - two.nextRequestAt,
    );
    return free[0]?.[0];
  }
}

function serves({ lowest, height }: Claim, from: number): boolean {
  return lowest <= from && from <= height;
}
