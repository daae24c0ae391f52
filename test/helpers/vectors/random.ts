/** docs/training.md, "Random numbers" and "Seeds". */
import { sha256, taggedHash, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { trainingSeed } from "../../../chain/workload/train/seed.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { Random } from "../../../ml/random.ts";
import { jobSpec } from "../job-run.ts";

const SEEDS: readonly Uint8Array[] = [
  new Uint8Array(32),
  Uint8Array.from({ length: 32 }, (_, index) => index),
  new Uint8Array(32).fill(0xff),
  sha256(Uint8Array.of(1)),
];
const LIMITS = [1, 2, 3, 10, 1000, 2 ** 31 + 1, 3 * 2 ** 30, 2 ** 32 - 1, 2 ** 32];
const LENGTHS = [0, 1, 2, 3, 10, 40];

export function randomVectors(): object {
  const drawn = (seed: Uint8Array, count: number, draw: (random: Random) => number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: count }, () => draw(random));
  };
  return {
    about: "Every list starts with a new generator of the seed.",
    generators: SEEDS.map((seed) => ({
      seed: toHex(seed),
      next: drawn(seed, 20, (random) => random.nextU32()),
      uniform: drawn(seed, 6, (random) => random.uniform()),
      below: LIMITS.map((limit) => ({
        limit,
        values: drawn(seed, 6, (random) => random.below(limit)),
      })),
      shuffle: LENGTHS.map((length) =>
        new Random(seed).shuffle(Array.from({ length }, (_, index) => index)),
      ),
    })),
    seeds: seeds(),
  };
}

function seeds(): object[] {
  return [
    [1, 0],
    [2, 3],
    [10_000, 255],
  ].map(([round = 0, position = 0]) => {
    const spec = jobSpec("job");
    const training = trainingSeed(trainSpec(spec), round, position);
    return {
      seed: toHex(trainSpec(spec).seed),
      round,
      position,
      training: toHex(training),
      order: [0, 1, 99].map((epoch) =>
        toHex(taggedHash("poml/order/v1", training, uint32Bytes(epoch))),
      ),
      dropout: toHex(taggedHash("poml/dropout/v1", training)),
    };
  });
}
