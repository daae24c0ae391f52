/** A bounded number of places in fair parts: for connections, files being sent, readers, waiting requests. */
import type { Place } from "../../p2p/peers/place.ts";
import { fairRoom } from "./fair-part.ts";

export class SharedPlaces {
  readonly #total: number;
  readonly #perKey: number;
  readonly #keys = new Map<string, number>();
  readonly #networks = new Map<string, number>();
  #taken = 0;

  /** @param perKey the most places for one address, however many are free */
  constructor(total: number, perKey: number = Number.POSITIVE_INFINITY) {
    this.#total = total;
    this.#perKey = perKey;
  }

  get taken(): number {
    return this.#taken;
  }

  /** False if all places are taken, or if the address or its network has its part already. */
  take({ key, network }: Place): boolean {
    const held = {
      all: this.#taken,
      network: this.#networks.get(network) ?? 0,
      own: this.#keys.get(key) ?? 0,
    };
    if (held.own >= this.#perKey || fairRoom(this.#total, held) <= 0) return false;
    this.#taken++;
    this.#keys.set(key, held.own + 1);
    this.#networks.set(network, held.network + 1);
    return true;
  }

  /** Call it once for each place taken. */
  release({ key, network }: Place): void {
    this.#taken--;
    for (const [held, name] of [
      [this.#keys, key],
      [this.#networks, network],
    ] as const) {
      const left = (held.get(name) ?? 1) - 1;
      if (left > 0) held.set(name, left);
      else held.delete(name);
    }
  }
}
