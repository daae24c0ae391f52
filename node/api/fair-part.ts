/**
 * Limits how much of a bounded resource one user may take, so that something is always left for the next. A network may
 * take up to twice what is left in total, and an address as much as its network may still take. A single address gets
 * half; of k networks with one address each, every one gets one part of k + 1, and one part stays free.
 */
export interface Held {
  readonly all: number;
  readonly network: number;
  readonly own: number;
}

/** @returns how much more may be taken so that the rule holds afterwards (hence the quarter) */
export function fairRoom(total: number, { all, network, own }: Held): number {
  return (2 * (total - all) - network - own) / 4;
}
