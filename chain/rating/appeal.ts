/**
 * The committee that decides about a disputed claim, and its stages: members answer under seal; then they show what
 * they reached, and the claimed end state is shown; then the ruling follows. If a committee reaches no result, another
 * one follows.
 */
import { type Answers, areExplained, type Ruling, ruleOn } from "../committee/ruling.ts";
import { drawnAt } from "../schedule/drawn-at.ts";
import type { State } from "../state/state.ts";
import { MAX_RETRIES } from "../types/audit.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Appeal, AppealMember } from "../types/window.ts";
import { NOT_SERVED, SEALED } from "./verdict.ts";

/** The appeal of a claim that nobody disputes. */
export const NO_APPEAL: Appeal = {
  lane: 0,
  segment: 0,
  called: 0,
  members: [],
  opened: ZERO_HASH,
  retries: 0,
};

export type PublicKeyOf = (node: number) => Uint8Array;

type AppealTimes = Pick<State, "window" | "parameters">;

/** The last heights of a committee's stages. The first committee has those of the window, a later one its own. */
export function appealStages(
  { called, retries }: Pick<Appeal, "called" | "retries">,
  { window, parameters }: AppealTimes,
): { readonly sealsUntil: number; readonly shownUntil: number } {
  if (retries === 0) return { sealsUntil: window.sealsUntil, shownUntil: window.appealsUntil };
  const sealsUntil = drawnAt(called, parameters) + parameters.verdictBlocks;
  return { sealsUntil, shownUntil: sealsUntil + parameters.claimBlocks };
}

/** True once there is a committee and its members can no longer answer. */
export function areSealsIn(appeal: Appeal, height: number, times: AppealTimes): boolean {
  const { members } = appeal;
  if (members.length === 0) return false;
  return members.every(hasAnswered) || height > appealStages(appeal, times).sealsUntil;
}

/** True at the end of a block after which nothing can be added to the dispute. */
export function isHeard(
  appeal: Appeal,
  { height, publicKeyOf, ...times }: AppealTimes & { height: number; publicKeyOf: PublicKeyOf },
): boolean {
  const { sealsUntil, shownUntil } = appealStages(appeal, times);
  if (height >= shownUntil) return true;
  const isAnswered = height >= sealsUntil || appeal.members.every(hasAnswered);
  return isAnswered && isExplained(appeal, publicKeyOf);
}

/**
 * Calls for another committee if this one has reached no result: nobody answered, or the answers prove neither side.
 * Otherwise an attacker that can silence members, or has nodes of its own among them, would decide how much a claim
 * counts.
 * @returns undefined if the committee has decided, or if there have been enough committees
 */
export function calledAgain(
  appeal: Appeal,
  height: number,
  publicKeyOf: PublicKeyOf,
): Appeal | undefined {
  const { verdict } = rulingOn(appeal, publicKeyOf);
  const isDecided = verdict !== "void" && verdict !== "unproven";
  if (isDecided || appeal.retries >= MAX_RETRIES) return undefined;
  const retries = appeal.retries + 1;
  return { ...appeal, called: height, members: [], opened: ZERO_HASH, retries };
}

/** Computed in every block while a window is judged, so the result for an unchanged appeal is kept. */
const explained = new WeakMap<Appeal, boolean>();
const rulings = new WeakMap<Appeal, Ruling>();

function isExplained(appeal: Appeal, publicKeyOf: PublicKeyOf): boolean {
  const known = explained.get(appeal) ?? areExplained(answersOf(appeal, publicKeyOf));
  explained.set(appeal, known);
  return known;
}

export function rulingOn(appeal: Appeal, publicKeyOf: PublicKeyOf): Ruling {
  const known = rulings.get(appeal) ?? ruleOn(answersOf(appeal, publicKeyOf));
  rulings.set(appeal, known);
  return known;
}

/** The answers of the members in the form that the ruling needs. */
function answersOf({ members, opened }: Appeal, publicKeyOf: PublicKeyOf): Answers {
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
