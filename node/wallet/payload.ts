/** Builds payloads from fields in another form; `payloadOf` builds all others. */
import {
  encodeValue,
  VOTABLE_PARAMETERS,
  type VotableParameter,
} from "../../chain/governance/votable.ts";
import { TransactionError } from "../../chain/transaction-error.ts";
import { type Payload, payloadOf } from "../../chain/types/transaction.ts";

const MAX_TEXT_BYTES = 64;
const MAX_ENDPOINT_BYTES = 256;

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

/** @throws TransactionError BAD_FIELD for a text above its limit */
export function registerPayload(registration: Registration): Payload {
  return payloadOf("register", {
    name: textBytes("name", registration.name, MAX_TEXT_BYTES),
    endpoint: textBytes("endpoint", registration.endpoint, MAX_ENDPOINT_BYTES),
    bond: registration.bond,
    onion: registration.onion,
    onionLength: registration.onionLength,
  });
}

/** @param value an integer, or 32 bytes for a hash */
export function parameterVotePayload(
  name: VotableParameter,
  value: number | bigint | Uint8Array,
): Payload {
  const parameter = VOTABLE_PARAMETERS.indexOf(name);
  return payloadOf("parameter-vote", { parameter, value: encodeValue(value) });
}

/** @param isFor whether it is to be certified; a vote for what is the case already takes the node's vote back */
export function algorithmVotePayload(algorithm: Uint8Array, isFor: boolean): Payload {
  return payloadOf("algorithm-vote", { algorithm, isFor: isFor ? 1 : 0 });
}

/**
 * UTF-8 of `text`; refused above `limit` bytes.
 * @throws TransactionError BAD_FIELD
 */
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
