import { fromHex } from "../../../../chain/crypto/hash.ts";
import { searchTask } from "../algorithm-task.ts";
import type { RunTask } from "../context.ts";
import { hashNonces } from "../hash-nonces.ts";
import { encodeFind, FIND_BYTES } from "../search/unit-bytes.ts";
import type { ClaimsOrder, ClaimsOutcome } from "./order.ts";
import { encodeRuns } from "./unit-run-bytes.ts";
import { weighClaims } from "./weigh-claims.ts";

/** @throws WorkerError BAD_TASK; AlgorithmError; the signal's reason */
export const runClaims: RunTask<ClaimsOrder, ClaimsOutcome> = async (order, parts) => {
  const { inputs, context } = parts;
  const { round, node, units, unitBits } = order;
  const place = { job: fromHex(order.job), round, node, units };
  const cut = { from: BigInt(order.jobFrom), to: BigInt(order.jobTo), unitBits };
  const weighed = await weighClaims(inputs.one("file").bytes, place, cut, (nonces) =>
    hashNonces(searchTask(order), nonces, parts),
  );
  if (weighed === undefined) {
    return { kind: "claims", isRight: false, share: "0", runs: 0, finds: 0 };
  }
  const { runs, finds, share } = weighed;
  if (runs.length > 0) await context.output("runs", 0, encodeRuns(runs));
  if (finds.length > 0) {
    const bytes = new Uint8Array(FIND_BYTES * finds.length);
    for (const [i, find] of finds.entries()) bytes.set(encodeFind(find), FIND_BYTES * i);
    await context.output("finds", 0, bytes);
  }
  return {
    kind: "claims",
    isRight: true,
    share: String(share),
    runs: runs.length,
    finds: finds.length,
  };
};
