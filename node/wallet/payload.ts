/** Payloads of transactions, made of what callers have. What each kind means lives in chain/transactions/. */
import {
  encodeValue,
  VOTABLE_PARAMETERS,
  type VotableParameter,
} from "../../chain/governance/votable.ts";
import { TransactionError } from "../../chain/transaction-error.ts";
import type { JobRecord, RoundRefusal } from "../../chain/types/job.ts";
import { type Payload, type Payloads, payloadOf } from "../../chain/types/transaction.ts";

const MAX_TEXT_BYTES = 64;
const MAX_ENDPOINT_BYTES = 256;

/** @param amount micro-POML */
export function transferPayload(to: Uint8Array, amount: bigint): Payload {
  return payloadOf("transfer", { to, amount });
}

export interface Registration {
  readonly name: string;
  /** Multiaddr at which the node can be reached. */
  readonly endpoint: string;
  /** Micro-POML. */
  readonly bond: bigint;
  /** Top of the hash onion, 32 bytes. */
  readonly onion: Uint8Array;
  readonly onionLength: number;
}

/** @throws TransactionError BAD_FIELD for text past its limit */
export function registerPayload(registration: Registration): Payload {
  return payloadOf("register", {
    name: textBytes("name", registration.name, MAX_TEXT_BYTES),
    endpoint: textBytes("endpoint", registration.endpoint, MAX_ENDPOINT_BYTES),
    bond: registration.bond,
    onion: registration.onion,
    onionLength: registration.onionLength,
  });
}

/** @param amount micro-POML to add to the node's bond */
export function bondPayload(amount: bigint): Payload {
  return payloadOf("bond", { amount });
}

/** @param amount micro-POML to ask back from the node's bond */
export function unbondPayload(amount: bigint): Payload {
  return payloadOf("unbond", { amount });
}

/** @param value an integer, or 32 bytes for a hash */
export function parameterVotePayload(
  name: VotableParameter,
  value: number | bigint | Uint8Array,
): Payload {
  const parameter = VOTABLE_PARAMETERS.indexOf(name);
  return payloadOf("parameter-vote", { parameter, value: encodeValue(value) });
}

export function reonionPayload(onion: Uint8Array, onionLength: number): Payload {
  return payloadOf("reonion", { onion, onionLength });
}

export function windowCommitPayload(commit: Payloads["window-commit"]): Payload {
  return payloadOf("window-commit", commit);
}

/** @param verdict index into VERDICTS + 1 */
export function windowVerdictPayload(verdict: Payloads["window-verdict"]): Payload {
  return payloadOf("window-verdict", verdict);
}

/** @param escrow micro-POML; at least `jobPrice` of the spec */
export function jobOpenPayload(spec: Payloads["job-open"]["spec"], escrow: bigint): Payload {
  return payloadOf("job-open", { spec, escrow });
}

export function jobCommitPayload(commit: Payloads["job-commit"]): Payload {
  return payloadOf("job-commit", commit);
}

export function jobRoundPayload(
  record: JobRecord,
  cosignatures: Payloads["job-round"]["cosignatures"],
): Payload {
  return payloadOf("job-round", { record, cosignatures });
}

export function jobRefusePayload(
  refusal: RoundRefusal,
  cosignatures: Payloads["job-refuse"]["cosignatures"],
): Payload {
  return payloadOf("job-refuse", { refusal, cosignatures });
}

export function jobDivergedPayload(job: Uint8Array, round: number): Payload {
  return payloadOf("job-diverged", { job, round });
}

/** @param reason index into OBJECTIONS */
export function jobObjectPayload(job: Uint8Array, reason: number): Payload {
  return payloadOf("job-object", { job, reason });
}

export function jobAuditPayload(finding: Payloads["job-audit"]): Payload {
  return payloadOf("job-audit", finding);
}

export function jobAuditOpenPayload(shown: Payloads["job-audit-open"]): Payload {
  return payloadOf("job-audit-open", shown);
}

export function jobSettlePayload(job: Uint8Array): Payload {
  return payloadOf("job-settle", { job });
}

export function jobCancelPayload(job: Uint8Array): Payload {
  return payloadOf("job-cancel", { job });
}

/** UTF-8 of `text`, refused past `limit` bytes. @throws TransactionError BAD_FIELD */
export function textBytes(field: string, text: string, limit: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > limit) {
    const reason = `has ${bytes.length} bytes of UTF-8, at most ${limit} fit`;
    throw new TransactionError(
      `${field}: ${reason}`,
      { code: "BAD_FIELD", field, reason },
      { action: "local", remedy: `shorten ${field}` },
    );
  }
  return bytes;
}
