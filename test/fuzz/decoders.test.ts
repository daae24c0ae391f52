/** POML_FUZZ_RUNS sets the inputs per decoder (default 300); `npm run test:faults` takes 100,000. */
import { getHeapStatistics } from "node:v8";
import { expect } from "chai";
import fc from "fast-check";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { finishedJob } from "../helpers/finished-job.ts";
import { dataDecoders, jsonDecoders } from "./data-decoders.ts";
import type { FuzzedDecoder } from "./fuzzed-decoder.ts";
import { peerDecoders, sszDecoders } from "./wire-decoders.ts";

const RUNS = Number(process.env.POML_FUZZ_RUNS ?? 300);
const SEED = Number(process.env.POML_FUZZ_SEED ?? 1);
/** Buffers a decoder may take for one input of a few kilobytes. */
const MAX_BUFFERS = 4 * 1024 * 1024;

const { files } = await finishedJob(20);
const DECODERS: readonly FuzzedDecoder[] = [
  ...sszDecoders(),
  ...peerDecoders(),
  ...jsonDecoders(files["certificate.json"]),
  ...dataDecoders(),
];

describe(`decoders take what is right and refuse ${RUNS} hostile inputs with typed errors:`, function () {
  this.timeout(20_000 + RUNS * 20);

  for (const decoder of DECODERS) {
    it(decoder.name, () => {
      for (const sample of decoder.samples) {
        expect(outcome(decoder, sample), "a valid encoding").to.equal("taken");
      }
      const seen = { taken: 0, refused: 0 };
      fc.assert(
        fc.property(decoder.inputs, (bytes) => {
          seen[outcome(decoder, bytes)]++;
        }),
        { seed: SEED, numRuns: RUNS },
      );
      expect(seen.refused, "hostile inputs refused").to.be.above(0);
    });
  }
});

/** Anything but these two is thrown on and fails the property. */
function outcome(decoder: FuzzedDecoder, bytes: Uint8Array): "taken" | "refused" {
  const before = getHeapStatistics().external_memory;
  const decoded = attempt(() => decoder.decode(bytes));
  const grown = getHeapStatistics().external_memory - before;
  if (grown > MAX_BUFFERS) throw new Error(`${grown} bytes of buffers for ${bytes.length}`);
  if (decoded === undefined) return "refused";
  if (decoder.encode !== undefined) {
    const again = decoder.encode(decoded.value);
    if (!equalBytes(again, bytes)) {
      expect(toHex(again), "encoded again").to.equal(toHex(bytes));
    }
  }
  return "taken";
}

/** @returns undefined when it was refused with a typed error */
function attempt<V>(decode: () => V): { readonly value: V } | undefined {
  try {
    return { value: decode() };
  } catch (error) {
    if (error instanceof PomlError) return undefined;
    throw error;
  }
}
