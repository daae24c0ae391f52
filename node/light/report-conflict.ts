/**
 * Handles a block that somebody was shown as final and that is not on this node's chain. It accuses the nodes that
 * signed both this block and this chain's block of that height in one round, and the nodes that broke their lock on one
 * of them by a later prevote for the other.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import { makeEvidence } from "../../chain/evidence/check-evidence.ts";
import { InvalidEvidence } from "../../chain/evidence/evidence-error.ts";
import { amnesiacs, signersOfBoth } from "../../chain/light/conflict.ts";
import { LightError } from "../../chain/light/light-error.ts";
import { checkForm } from "../../chain/light/trusted.ts";
import type { State } from "../../chain/state/state.ts";
import { Header } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { Vote } from "../../chain/types/vote.ts";

export interface ConflictModules {
  readonly light: { block(height: number): Promise<LightBlock | undefined> };
  state(): State;
  /** Prevotes of a past height, as far as they are kept. */
  prevotes(height: number): readonly Vote[];
  /**
   * Verifies, stores and gossips.
   * @throws InvalidEvidence
   */
  submit(evidence: Evidence): Promise<void>;
}

/**
 * @returns the accused by node index
 * @throws LightError; InvalidEvidence at the first signature that its seat did not make
 */
export async function reportConflict(
  foreign: LightBlock,
  { light, state, prevotes, submit }: ConflictModules,
): Promise<number[]> {
  const hash = checkForm(foreign);
  const { height } = foreign.header;
  const own = await light.block(height);
  if (own === undefined) {
    throw new LightError(
      `this node has no block ${height} to compare with`,
      { code: "LIGHT_NOT_COMPARABLE", height },
      {
        remedy:
          "report it again when the chain has reached that height, or to a node that keeps the whole chain",
      },
    );
  }
  if (equalBytes(hash, Header.hashTreeRoot(own.header))) {
    throw new LightError(`block ${height} is on this chain`, { code: "LIGHT_NO_CONFLICT", height });
  }
  if (!equalBytes(foreign.certificate.blockHash, hash) || foreign.certificate.height !== height) {
    throw new LightError(`the certificate is not for block ${height}`, {
      code: "LIGHT_CERTIFICATE_OF_ANOTHER_BLOCK",
      height,
    });
  }
  const accused: number[] = [];
  const guilty = [...signersOfBoth(own, foreign), ...amnesiacs(own, foreign, prevotes(height))];
  for (const { publicKey, proof } of guilty) {
    const node = state().nodeIndex(publicKey);
    if (node === undefined || accused.includes(node)) continue;
    if (await isTaken(submit, makeEvidence(node, proof))) accused.push(node);
  }
  if (accused.length > 0) return accused;
  throw new LightError(
    `no node can be accused because of block ${height}`,
    { code: "LIGHT_NOBODY_ACCUSED", height },
    {
      remedy:
        "no node signed both in one round or broke a lock, or these nodes were punished already, or their faults are too old: keep the block, and show it to people who run nodes",
    },
  );
}

/** @returns false for a node that was punished already, or whose fault is too old */
async function isTaken(submit: ConflictModules["submit"], evidence: Evidence): Promise<boolean> {
  try {
    await submit(evidence);
    return true;
  } catch (error) {
    if (!(error instanceof InvalidEvidence) || error.action !== "ignore") throw error;
    return error.code === "EVIDENCE_KNOWN";
  }
}
