/** Why a block, proposal, vote or certificate is refused. */
import { PomlError } from "./errors.ts";

type BlockFacts =
  | { code: "UNKNOWN_VERSION"; expected: number; actual: number }
  | { code: "WRONG_VERSION"; expected: number; actual: number }
  | { code: "WRONG_HEIGHT"; expected: number; actual: number }
  | { code: "UNKNOWN_PARENT"; expected: string; actual: string }
  | { code: "TIME_NOT_AFTER_PARENT"; parent: bigint; actual: bigint }
  | { code: "NOT_THE_PROPOSER"; round: number; proposer: string }
  | { code: "BAD_ONION_REVEAL"; proposer: string }
  | { code: "ONION_EXHAUSTED"; proposer: string }
  | { code: "BAD_PARENT_CERTIFICATE"; reason: string }
  | { code: "BLOCK_TOO_LARGE"; bytes: number; limit: number }
  | { code: "ROOT_MISMATCH"; field: string; expected: string; actual: string }
  | { code: "CERTIFICATE_OF_ANOTHER_BLOCK" }
  | { code: "BAD_TRANSACTION"; index: number; reason: string }
  | { code: "BAD_EVIDENCE"; index: number; reason: string };

export class InvalidBlock extends PomlError<BlockFacts> {}
