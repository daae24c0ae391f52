/**
 * The committee on a claim and its stages: members answer under seal, then the claimed end state is
 * shown, then it is decided.
 */
import { isOpened } from "../committee/seal.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Appeal, AppealMember, Window } from "../types/window.ts";
import { SEALED } from "./verdict.ts";

/** Nobody disputes the claim, or nobody could be drawn. */
export const NO_APPEAL: Appeal = { lane: 0, segment: 0, members: [], opened: ZERO_HASH };

/** True once there is a committee and its members cannot answer any more. */
export function areSealsIn({ members }: Appeal, height: number, { sealsUntil }: Window): boolean {
  return members.length > 0 && (height > sealsUntil || members.every(hasAnswered));
}

/** True at the end of a block after which nothing more can be said about the claim's dispute. */
export function isHeard(appeal: Appeal, height: number, window: Window): boolean {
  const { members } = appeal;
  const isAnswered = height >= window.sealsUntil || members.every(hasAnswered);
  return isAnswered && (isOpened(appeal) || members.every(({ verdict }) => verdict !== SEALED));
}

function hasAnswered({ verdict }: AppealMember): boolean {
  return verdict !== 0;
}
