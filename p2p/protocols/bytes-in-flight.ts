/**
 * Limits how many bytes may be on their way to all readers together. A peer gets no more than its share, however many
 * requests it makes; waiting requests are served in turn, one peer after another. Half of the bytes are reserved for
 * peers that are nodes of the chain: other identities cost nothing to make, and many slow ones would use up all of it.
 */

export interface InFlightLimits {
  readonly totalBytes: number;
  readonly peerBytes: number;
  /** For all peers together that are not nodes of the chain. */
  readonly guestBytes: number;
}

export const IN_FLIGHT: InFlightLimits = {
  totalBytes: 16 * 1024 * 1024,
  peerBytes: 1024 * 1024,
  guestBytes: 8 * 1024 * 1024,
};

interface Part {
  readonly peer: string;
  readonly isGuest: boolean;
  readonly bytes: number;
}

interface Waiting extends Part {
  readonly start: () => void;
}

export class BytesInFlight {
  readonly #limits: InFlightLimits;
  readonly #byPeer = new Map<string, number>();
  /** Served in turn: a peer that was served moves to the end. */
  #waiting: Waiting[] = [];
  readonly #isNode: (peer: string) => boolean;
  #total = 0;
  #guests = 0;

  /** @param isNode whether a peer is a node of the chain; default: all are */
  constructor(limits: InFlightLimits = IN_FLIGHT, isNode: (peer: string) => boolean = () => true) {
    this.#limits = limits;
    this.#isNode = isNode;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * @param bytes at most `peerBytes`
   * @returns a function that gives the bytes back; a second call does nothing
   * @throws the signal's reason
   */
  async take(peer: string, bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const part = { peer, bytes, isGuest: !this.#isNode(peer) };
    if (this.#waiting.length > 0 || !this.#fits(part)) await this.#turn(part, signal);
    else this.#add(part);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#add({ ...part, bytes: -bytes });
      this.#next();
    };
  }

  #turn(part: Part, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        this.#add(part);
        resolve();
      };
      const waiting = { ...part, start };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const at = this.#waiting.findIndex((one) => this.#fits(one));
      const [waiting] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (waiting === undefined) return;
      // The other requests of this peer go behind those of other peers.
      const { peer } = waiting;
      const own = this.#waiting.filter((one) => one.peer === peer);
      this.#waiting = [...this.#waiting.filter((one) => one.peer !== peer), ...own];
      waiting.start();
    }
  }

  #fits({ peer, isGuest, bytes }: Part): boolean {
    const { totalBytes, peerBytes, guestBytes } = this.#limits;
    if (isGuest && this.#guests + bytes > guestBytes) return false;
    return this.#total + bytes <= totalBytes && (this.#byPeer.get(peer) ?? 0) + bytes <= peerBytes;
  }

  #add({ peer, isGuest, bytes }: Part): void {
    this.#total += bytes;
    if (isGuest) this.#guests += bytes;
    const left = (this.#byPeer.get(peer) ?? 0) + bytes;
    if (left > 0) this.#byPeer.set(peer, left);
    else this.#byPeer.delete(peer);
  }
}
