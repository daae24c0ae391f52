/**
 * Takes a share of a bond, including the part that is being unbonded. The nodes or accounts that proved the fault earn
 * a part of it; the rest burns.
 */
import { MILLION, WHOLE } from "../millionths.ts";
import type { State } from "../state/state.ts";

interface Penalty {
  /** The part of the bond to take: `share` / `of`; without `of`, in millionths. */
  readonly share: number;
  readonly of?: number;
  /** The part of the loss that goes to the earners, in millionths; divided equally among them. */
  readonly reward: number;
  /** Accounts. */
  readonly earners: readonly Uint8Array[];
}

/** @returns micro-POML lost */
export function takeBond(
  state: State,
  index: number,
  { share, of = WHOLE, reward, earners }: Penalty,
): bigint {
  const node = state.nodes.at(index);
  const part = (amount: bigint): bigint => (amount * BigInt(share)) / BigInt(of);
  let lost = part(node.bond);
  state.nodes.set(index, { ...node, bond: node.bond - lost });
  if (state.unbondings.some((entry) => entry.node === index)) {
    state.unbondings = state.unbondings.map((entry) => {
      if (entry.node !== index) return entry;
      lost += part(entry.amount);
      return { ...entry, amount: entry.amount - part(entry.amount) };
    });
  }
  const each =
    earners.length === 0 ? 0n : (lost * BigInt(reward)) / MILLION / BigInt(earners.length);
  for (const earner of earners) state.credit(earner, each);
  const burned = lost - each * BigInt(earners.length);
  state.meta = { ...state.meta, burned: state.meta.burned + burned };
  return lost;
}
