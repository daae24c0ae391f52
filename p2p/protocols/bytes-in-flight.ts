/**
 * How many bytes may be on their way to all readers together. A peer has no more than its share, however many requests
 * it makes; those that wait are served in turn, one peer after another.
 */

export interface InFlightLimits {
  readonly totalBytes: number;
  readonly peerBytes: number;
}

export const IN_FLIGHT: InFlightLimits = {
  totalBytes: 16 * 1024 * 1024,
  peerBytes: 1024 * 1024,
};

interface Waiting {
  readonly peer: string;
  readonly bytes: number;
  readonly start: () => void;
}

export class BytesInFlight {
  readonly #limits: InFlightLimits;
  readonly #byPeer = new Map<string, number>();
  /** Each once in turn: a peer that was served goes to the end. */
  #waiting: Waiting[] = [];
  #total = 0;

  constructor(limits: InFlightLimits = IN_FLIGHT) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * @param bytes at most `peerBytes`
   * @returns gives the place back; harmless when called twice
   * @throws the signal's reason
   */
  async take(peer: string, bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#fits(peer, bytes)) await this.#turn(peer, bytes, signal);
    else this.#add(peer, bytes);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#add(peer, -bytes);
      this.#next();
    };
  }

  #turn(peer: string, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        this.#add(peer, bytes);
        resolve();
      };
      const waiting = { peer, bytes, start };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ peer, bytes }) => this.#fits(peer, bytes));
      const [waiting] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (waiting === undefined) return;
      // Others of this peer let those of other peers go first.
      const { peer } = waiting;
      const own = this.#waiting.filter((one) => one.peer === peer);
      this.#waiting = [...this.#waiting.filter((one) => one.peer !== peer), ...own];
      waiting.start();
    }
  }

  #fits(peer: string, bytes: number): boolean {
    const { totalBytes, peerBytes } = this.#limits;
    return this.#total + bytes <= totalBytes && (this.#byPeer.get(peer) ?? 0) + bytes <= peerBytes;
  }

  #add(peer: string, bytes: number): void {
    this.#total += bytes;
    const left = (this.#byPeer.get(peer) ?? 0) + bytes;
    if (left > 0) this.#byPeer.set(peer, left);
    else this.#byPeer.delete(peer);
  }
}
