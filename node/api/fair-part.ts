/**
 * How much of something bounded one of many may take, so that something is always left for those who come next: a
 * network twice what is left of all, and one of its addresses as much as its network may still take. Alone, an address
 * gets half; of k networks with an address each, every one gets 1 part of k + 1, and one part stays free.
 */
export interface Held {
  readonly all: number;
  readonly network: number;
  readonly own: number;
}

/** @returns how much more may be taken, so that the rule holds afterwards; hence the quarter */
export function fairRoom(total: number, { all, network, own }: Held): number {
  return (2 * (total - all) - network - own) / 4;
}
