/**
 * Decides which peers get a place when there are more peers than places. An attacker with many identities, or with many
 * seats, must not fill them all. So some places are kept for peers that this node chose itself, one network gets a part
 * of the others, and nodes that vote on this chain take precedence over those that do not. Pure.
 */
import type { Direction } from "./roster.ts";

/** A peer, or a node that wants to become one. */
export interface Contender {
  readonly peerId: string;
  readonly direction: Direction;
  /** What counts as one owner of addresses (scope.ts); a contender without a group is not limited by it. */
  readonly group: string | undefined;
  /** It holds a seat, or the owner named it as bootstrap. */
  readonly isFavoured: boolean;
  /** 0 for a good record, negative after offences. */
  readonly score: number;
}

/** `instead` is the peer that is disconnected to make room. */
export type Placement =
  | { readonly isTaken: true; readonly instead: string | undefined }
  | { readonly isTaken: false; readonly reason: string };

/** The number of `maxPeers` places that only outgoing connections take. */
export function keptPlaces(maxPeers: number): number {
  return Math.floor(maxPeers / 4);
}

/** The most places that one group gets among incoming peers. */
function groupPlaces(maxPeers: number): number {
  return Math.max(2, Math.floor(maxPeers / 8));
}

/** @param held the present peers, in the order of their arrival */
export function placeFor(
  newcomer: Contender,
  held: readonly Contender[],
  maxPeers: number,
): Placement {
  const inbound = held.filter(({ direction }) => direction === "inbound");
  const guests = inbound.filter(({ isFavoured }) => !isFavoured);
  const places = maxPeers - keptPlaces(maxPeers);
  const isOutbound = newcomer.direction === "outbound";
  const isFree = held.length < maxPeers && (isOutbound || inbound.length < places);
  if (!isOutbound && !newcomer.isFavoured) {
    const most = groupPlaces(maxPeers);
    const { group } = newcomer;
    const near = guests.filter((peer) => group !== undefined && peer.group === group).length;
    if (near >= most)
      return { isTaken: false, reason: `${most} peers of ${group} are connected already` };
    if (isFree) return { isTaken: true, instead: undefined };
    return {
      isTaken: false,
      reason: `maxPeers is ${maxPeers}, ${places} of them for incoming peers`,
    };
  }
  if (isFree) return { isTaken: true, instead: undefined };
  const instead = leastOf(guests)?.peerId;
  if (instead !== undefined) return { isTaken: true, instead };
  return { isTaken: false, reason: `maxPeers is ${maxPeers}, and no incoming peer can give way` };
}

/** The peer with the worst record in the group with the most places; of equals, the newest. */
function leastOf(guests: readonly Contender[]): Contender | undefined {
  const sizes = new Map<string, number>();
  for (const { group = "" } of guests) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const sizeOf = ({ group = "" }: Contender): number => sizes.get(group) ?? 0;
  let least: Contender | undefined;
  for (const guest of guests) {
    if (least === undefined || isLess(guest, least)) least = guest;
  }
  return least;

  function isLess(a: Contender, b: Contender): boolean {
    const [mine, other] = [sizeOf(a), sizeOf(b)];
    return mine === other ? a.score <= b.score : mine > other;
  }
}
