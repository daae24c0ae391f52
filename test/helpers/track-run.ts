/** Takes nodes through an open track: committed, told, judged, shown. */
import { equalBytes, sha256 } from "../../chain/crypto/hash.ts";
import { drawnAt } from "../../chain/schedule/drawn-at.ts";
import {
  answerHash,
  commitmentOf,
  outputsDigest,
  type TrackAnswer,
  trackSeal,
} from "../../chain/track/proof.ts";
import { type TrackStages, trackStages } from "../../chain/track/stages.ts";
import { trackTask } from "../../chain/track/task.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Recipe, TrackEntry } from "../../chain/types/track.ts";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import { type Person, TestChain } from "./chain.ts";

export const TRACK_INTERVAL = 60;
export const TASK = trackTask(1);
export const { recipe: RECIPE } = TASK;

export function trackChain(founders = 8, parameters: Partial<Parameters> = {}): TestChain {
  return new TestChain({
    founders,
    parameters: { trackInterval: TRACK_INTERVAL, windowOffset: 100_000, ...parameters },
  });
}

/** @param number from 1 */
/** And when the results have judges. */
export function stagesOf(
  chain: TestChain,
  number = 1,
): TrackStages & { readonly judgesDrawn: number } {
  const { parameters } = chain.head.state;
  const opens = parameters.trackOffset + (number - 1) * TRACK_INTERVAL;
  const stages = trackStages(opens, parameters);
  return { ...stages, judgesDrawn: drawnAt(stages.resultsUntil, parameters) };
}

/** Counts of a classifier that is right in so many of the test rows of every class. */
export function countsOf(right: number): number[] {
  const { classes, testRows } = TASK;
  const rows = testRows / classes;
  return Array.from({ length: classes ** 2 }, (_, i) => {
    const [label, predicted] = [Math.floor(i / classes), i % classes];
    if (label === predicted) return right;
    return predicted === (label + 1) % classes ? rows - right : 0;
  });
}

/** What a training of this node comes to: hashes nobody else can guess, as those of real ones. */
export function trained(who: Person, recipe: Recipe = RECIPE, right = 124): TrackAnswer {
  const made = new TextEncoder().encode(JSON.stringify(recipe));
  return {
    weights: sha256(who.address, made),
    counts: countsOf(right),
    outputs: sha256(who.address, made, Uint8Array.of(1)),
  };
}

export function commit(
  chain: TestChain,
  who: Person,
  { track = 1, recipe = RECIPE }: { track?: number; recipe?: Recipe } = {},
): SignedTransaction {
  const { weights } = trained(who, recipe);
  const commitment = commitmentOf(who.keys.publicKey, recipe, weights);
  return chain.transaction(who, "track-commit", { track, commitment }, { fee: 0n });
}

export function result(
  chain: TestChain,
  who: Person,
  changes: Partial<Payloads["track-result"]> = {},
): SignedTransaction {
  const recipe = changes.recipe ?? RECIPE;
  const { weights, counts, outputs } = trained(who, recipe);
  const value = {
    track: 1,
    recipe,
    weights,
    counts: [...counts],
    outputsDigest: outputsDigest(outputs),
    ...changes,
  };
  return chain.transaction(who, "track-result", value, { fee: 0n });
}

/** What an honest judge sends: the seal of the answer that it came to itself. */
export function verdict(
  chain: TestChain,
  judge: number,
  node: number,
  answer: TrackAnswer,
  track = 1,
): SignedTransaction {
  const person = chain.personOfNode(judge);
  const seal = trackSeal(answer, person.keys.publicKey);
  return chain.transaction(person, "track-verdict", { track, node, seal }, { fee: 0n });
}

export function show(
  chain: TestChain,
  by: number,
  node: number,
  changes: Partial<Payloads["track-show"]> = {},
): SignedTransaction {
  const { outputs } = trained(chain.personOfNode(node));
  const value = { track: 1, node, outputs, reached: ZERO_HASH, ...changes };
  return chain.transaction(chain.personOfNode(by), "track-show", value, { fee: 0n });
}

export function entryOf(chain: TestChain, node: number): TrackEntry {
  const entry = chain.head.state.trackEntries.find((one) => one.node === node);
  if (entry === undefined) throw new Error(`node ${node} has no entry`);
  return entry;
}

/** Node 0 has committed and told; the judges are drawn. */
export function told(chain: TestChain, right = 124, number = 1): TestChain {
  const stages = stagesOf(chain, number);
  const who = chain.personOfNode(0);
  chain.advanceTo(stages.opens);
  chain.advance(commit(chain, who, { track: number }));
  chain.advanceTo(stages.revealed);
  chain.advance(result(chain, who, { track: number, counts: countsOf(right) }));
  chain.advanceTo(stages.judgesDrawn);
  return chain;
}

/** Judges of node 0 that came to something else show what. */
function refutations(
  chain: TestChain,
  finds: (position: number) => TrackAnswer | undefined,
  track: number,
): SignedTransaction[] {
  const entry = entryOf(chain, 0);
  const told = answerHash({ ...entry, outputs: trained(chain.personOfNode(0)).outputs });
  return entry.judges.flatMap((judge, position) => {
    const answer = finds(position);
    if (answer === undefined || equalBytes(answerHash(answer), told)) return [];
    const shown = { track, outputs: ZERO_HASH, reached: answerHash(answer) };
    return [show(chain, judge.node, 0, shown)];
  });
}

/**
 * The judges of node 0 answer and the track ends. `finds`: what each came to, by its position; no
 * answer = silent. @param shows whether node 0 opens the seals
 */
export function judged(
  chain: TestChain,
  finds: (position: number) => TrackAnswer | undefined,
  { shows = true, number = 1 }: { shows?: boolean; number?: number } = {},
): TestChain {
  const { judges } = entryOf(chain, 0);
  judges.forEach(({ node }, position) => {
    const answer = finds(position);
    if (answer !== undefined) chain.advance(verdict(chain, node, 0, answer, number));
  });
  const { verdictsUntil, shownUntil } = stagesOf(chain, number);
  chain.advanceTo(verdictsUntil);
  const refuted = refutations(chain, finds, number);
  chain.advance(...(shows ? [show(chain, 0, 0, { track: number })] : []), ...refuted);
  chain.advanceTo(shownUntil);
  return chain;
}
