/**
 * What a RangePlan knows of the peers: what each claims to serve, how long it rests after a failure, and
 * who is best asked next. Pure; nobody is blamed here but by `exclude`.
 */

export interface Claim {
  /** Blocks from here to `height` are served. */
  readonly lowest: number;
  readonly height: number;
}

export interface Choice {
  readonly from: number;
  /** Peers that were asked for it and did not bring it: asked again only when no other is free. */
  readonly tried: ReadonlySet<string>;
  readonly mustBeUntried: boolean;
  readonly requestsPerPeer: number;
  /** Requests under way to a peer. */
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

  /** For good. */
  exclude(name: string): void {
    this.#excluded.add(name);
    this.#peers.delete(name);
  }

  isExcluded(name: string): boolean {
    return this.#excluded.has(name);
  }

  /** Highest height anyone claims. */
  get highest(): number {
    return Math.max(0, ...[...this.#peers.values()].map(({ claim }) => claim.height));
  }

  anyServes(height: number): boolean {
    return [...this.#peers.values()].some(({ claim }) => serves(claim, height));
  }

  claimOf(name: string): Claim | undefined {
    return this.#peers.get(name)?.claim;
  }

  /** It turned out to serve less than it claims. */
  correct(name: string, change: Partial<Claim>): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.claim = { ...peer.claim, ...change };
  }

  /** Asks it nothing until then; says nothing about the peer. */
  pause(name: string, until: number): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.nextRequestAt = until;
  }

  /** It brought nothing, or too late: longer each time. */
  rest(name: string, now: number): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    peer.restsUntil = now + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** peer.failures);
    peer.failures++;
  }

  /** It brought what was asked. */
  praise(name: string): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.failures = 0;
  }

  /** Moments at which a peer may be asked again. */
  times(): number[] {
    return [...this.#peers.values()].flatMap((peer) => [peer.restsUntil, peer.nextRequestAt]);
  }

  /** Who may be asked: those not tried before the others, then the least busy, then the most reliable. */
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
