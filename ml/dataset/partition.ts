/**
 * Decides which participant trains on which chunks. It uses only integer arithmetic from a seed, so that every node
 * computes the same assignment; the shares are disjoint, complete, and equal to within one chunk.
 */
import { Random } from "../random.ts";
import { DatasetError } from "./errors.ts";

export type Partition = "iid" | "by-label";

/** Label-sorted runs for each participant, as in the pathological split of the FedAvg paper. */
const RUNS_PER_PARTICIPANT = 2;

/**
 * @param chunkCount train chunks of the dataset
 * @param seed 32 bytes
 * @returns chunk indexes per participant, ascending
 * @throws DatasetError TOO_FEW_CHUNKS
 */
export function assignChunks(
  chunkCount: number,
  participantCount: number,
  seed: Uint8Array,
  partition: Partition,
): number[][] {
  if (participantCount < 1 || participantCount > chunkCount) {
    throw new DatasetError(
      `${chunkCount} train chunks cannot be shared by ${participantCount} participants`,
      { code: "TOO_FEW_CHUNKS", chunks: chunkCount, participants: participantCount },
      { remedy: "ask for fewer participants, or import the data with fewer rows per chunk" },
    );
  }
  const random = new Random(seed);
  const shares = Array.from({ length: participantCount }, (): number[] => []);
  const runs =
    partition === "iid"
      ? random.shuffle(Array.from({ length: chunkCount }, (_, chunk) => [chunk]))
      : dealtRuns(chunkCount, participantCount * RUNS_PER_PARTICIPANT, random);
  runs.forEach((run, i) => {
    shares[i % participantCount]?.push(...run);
  });
  return shares.map((share) => share.sort((a, b) => a - b));
}

/** Consecutive runs, the longer ones first, so that dealing them out in turn keeps the shares equal. */
function dealtRuns(chunkCount: number, runCount: number, random: Random): number[][] {
  const short = Math.floor(chunkCount / runCount);
  const longRuns = chunkCount % runCount;
  const runs: number[][] = [];
  let next = 0;
  for (let run = 0; run < runCount; run++) {
    const length = short + (run < longRuns ? 1 : 0);
    runs.push(Array.from({ length }, (_, i) => next + i));
    next += length;
  }
  return [...random.shuffle(runs.slice(0, longRuns)), ...random.shuffle(runs.slice(longRuns))];
}
