/** Two certified blocks of one height: finds the seats that signed both, or broke the lock of one to help the other. */
import { equalBytes, toHex } from "../crypto/hash.ts";
import type { KnownProof } from "../evidence/check-evidence.ts";
import { isAmnesia, makeDuplicateVote } from "../finality/contradiction.ts";
import { voteTypeIndex } from "../finality/vote.ts";
import type { LightBlock } from "../types/light.ts";
import type { Vote } from "../types/vote.ts";

/** The signatures are not verified yet. */
interface Suspect {
  readonly publicKey: Uint8Array;
  readonly proof: KnownProof;
}

/**
 * Precommits of different rounds alone convict no seat, because a seat may have been released from its lock in between.
 * @param own and `foreign` of one height, with different hashes
 */
export function signersOfBoth(own: LightBlock, foreign: LightBlock): Suspect[] {
  if (own.certificate.round !== foreign.certificate.round) return [];
  const others = precommitsOf(foreign);
  return [...precommitsOf(own)].flatMap(([key, { publicKey, vote }]) => {
    const other = others.get(key)?.vote;
    if (other === undefined) return [];
    const value = makeDuplicateVote(vote, { ...other, seat: vote.seat });
    return [{ publicKey, proof: { kind: "duplicate-vote", value } }];
  });
}

/** @param prevotes of this height, by seats of `own` */
export function amnesiacs(
  own: LightBlock,
  foreign: LightBlock,
  prevotes: readonly Vote[],
): Suspect[] {
  const locks = precommitsOf(foreign);
  return prevotes.flatMap((later) => {
    const publicKey = own.seats[later.seat]?.publicKey;
    const lock = publicKey === undefined ? undefined : locks.get(toHex(publicKey))?.vote;
    if (publicKey === undefined || lock === undefined || lock.height !== later.height) return [];
    if (equalBytes(lock.blockHash, later.blockHash) || !isAmnesia(lock, later)) return [];
    const value = { lock: { ...lock, seat: later.seat }, later };
    return [{ publicKey, proof: { kind: "amnesia", value } }];
  });
}

/** By public key in hex. */
function precommitsOf({
  certificate,
  seats,
}: LightBlock): ReadonlyMap<string, { readonly publicKey: Uint8Array; readonly vote: Vote }> {
  const { height, round, blockHash } = certificate;
  const type = voteTypeIndex("precommit");
  return new Map(
    certificate.signatures.flatMap(({ seat, signature }) => {
      const publicKey = seats[seat]?.publicKey;
      if (publicKey === undefined) return [];
      const vote = { height, round, type, blockHash, validRound: 0, seat, signature };
      return [[toHex(publicKey), { publicKey, vote }] as const];
    }),
  );
}
