/**
 * Federated training as a kind of work; its unit is a sample step: one row, once forward and backward through the
 * model.
 */
import { equalBytes } from "../../crypto/hash.ts";
import { isUnsettled } from "../../types/job.ts";
import { ZERO_HASH } from "../../types/primitive.ts";
import type { Workload } from "../workload.ts";
import { checkSamples, checkTrainSpec } from "./check.ts";
import { replayBytes, runOperations, runSteps, sampleSteps } from "./price.ts";
import { advance, checkTrainRecord } from "./round.ts";
import { isAuditable, segmentCount } from "./segments.ts";
import { trainProgress, trainSpec } from "./train-of.ts";

const NO_METRICS = { loss: 0n, accuracy: 0, precision: 0, recall: 0, f1: 0 };

export const train: Workload = {
  check: checkTrainSpec,
  units(spec) {
    const work = trainSpec(spec);
    return sampleSteps(work, work.rounds);
  },
  unitsLeft({ spec, round }) {
    const work = trainSpec(spec);
    const recorded = round === 0 ? 0 : round - 1;
    return sampleSteps(work, work.rounds - recorded);
  },
  /** A participant without a chunk of its own is not drawn. */
  mostParticipants: (spec) => trainSpec(spec).trainChunks,
  checkUnits: ({ spec, participants }, units) =>
    checkSamples(trainSpec(spec), units, participants.length),
  isAuditable: (spec) => isAuditable(trainSpec(spec)),
  /** A participant's shard follows from its position among the participants. */
  countsLeftOut: true,
  canDiverge: true,
  segments: (spec, units) => segmentCount(trainSpec(spec), units),
  runOperations(spec, units) {
    const work = trainSpec(spec);
    return runOperations(work, BigInt(units), BigInt(runSteps(work, units)));
  },
  replayBytes: (spec) => replayBytes(trainSpec(spec)),
  bonus: () => 0n,
  bonusShares: () => [],
  start(spec) {
    const { initialParameters } = trainSpec(spec);
    return {
      selector: 0,
      value: { parameters: initialParameters, serverState: ZERO_HASH, metrics: NO_METRICS },
    };
  },
  base: (job) => trainProgress(job).parameters,
  files(job) {
    const { model, dataset, torrent, initialParameters } = trainSpec(job.spec);
    const { parameters, serverState } = trainProgress(job);
    const lasting = [model, dataset, torrent, parameters];
    if (!isUnsettled(job)) return lasting;
    const state = equalBytes(serverState, ZERO_HASH) ? [] : [serverState];
    return [...lasting, initialParameters, ...state];
  },
  checkRecord: checkTrainRecord,
  doubted: () => [],
  advance,
};
