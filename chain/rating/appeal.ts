/**
 * The committee on a claim and its stages: members answer under seal, then they show what they came to and
 * the claimed end state is shown, then it is decided.
 */
import { type Answers, areExplained } from "../committee/ruling.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Appeal, AppealMember, Window } from "../types/window.ts";
import { NOT_SERVED, SEALED } from "./verdict.ts";

/** Nobody disputes the claim. */
export const NO_APPEAL: Appeal = {
  lane: 0,
  segment: 0,
  called: 0,
  members: [],
  opened: ZERO_HASH,
};

export type PublicKeyOf = (node: number) => Uint8Array;

/** True once there is a committee and its members cannot answer any more. */
export function areSealsIn({ members }: Appeal, height: number, { sealsUntil }: Window): boolean {
  return members.length > 0 && (height > sealsUntil || members.every(hasAnswered));
}

/** True at the end of a block after which nothing more can be said about the claim's dispute. */
export function isHeard(
  appeal: Appeal,
  { height, window, publicKeyOf }: { height: number; window: Window; publicKeyOf: PublicKeyOf },
): boolean {
  const isAnswered = height >= window.sealsUntil || appeal.members.every(hasAnswered);
  return isAnswered && areExplained(answersOf(appeal, publicKeyOf));
}

/** What the members answered, as the ruling wants it. */
export function answersOf({ members, opened }: Appeal, publicKeyOf: PublicKeyOf): Answers {
  const sealed = members.filter(({ verdict }) => verdict === SEALED);
  return {
    sealed: sealed.map(({ verifier, seal, reached }) => {
      return { node: verifier, seal, reached, publicKey: publicKeyOf(verifier) };
    }),
    unserved: members.filter(({ verdict }) => verdict === NOT_SERVED).length,
    opened,
  };
}

function hasAnswered({ verdict }: AppealMember): boolean {
  return verdict !== 0;
}
