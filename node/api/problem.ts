/**
 * Errors as RFC 9457 problem documents. One table gives the status, and the field of the request, for each code. An
 * error that is neither in the table nor a refusal becomes a 500 without details.
 */
import { PomlError } from "../../chain/errors.ts";
import { ApiError } from "./api-error.ts";
import type { Problem } from "./contract/problem.ts";

interface Meaning {
  readonly status: number;
  readonly title: string;
  /** The part of the request at fault, unless the error's facts name it more precisely. */
  readonly field?: string;
}

const bad = (field?: string): Meaning => meaning(400, "The request is malformed", field);
const refused = (field?: string): Meaning =>
  meaning(422, "The request is well-formed but refused", field);
const conflict = (field?: string): Meaning =>
  meaning(409, "The request conflicts with the state of the chain", field);
const missing = (field?: string): Meaning => meaning(404, "There is no such thing here", field);
const large = (field?: string): Meaning => meaning(413, "Too large", field);
const late = meaning(504, "It took too long");
const busy = meaning(503, "The node cannot take this now");

function meaning(status: number, title: string, field?: string): Meaning {
  return field === undefined ? { status, title } : { status, title, field };
}

/** By error code; codes of the API itself carry their status with them. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ALREADY_DONE: conflict(),
  ALREADY_KNOWN: conflict(),
  ALREADY_REGISTERED: conflict(),
  ALGORITHM_UNKNOWN: refused("algorithm"),
  AUDITS_OPEN: conflict("job"),
  BAD_ADDRESS: bad("address"),
  BAD_FIELD: refused(),
  BAD_HYPERPARAMETER: refused(),
  BAD_NONCE: conflict("nonce"),
  BAD_ORDER: refused(),
  BAD_PUBLIC_KEY: refused("sender"),
  BAD_REQUEST: bad(),
  BAD_SIGNATURE: refused("signature"),
  BLOB_DAMAGED: busy,
  BLOB_NOT_FOUND: missing(),
  BLOCK_DAMAGED: busy,
  BLOCK_PRUNED: meaning(410, "It is no longer kept here"),
  BOND_TOO_SMALL: refused("bond"),
  BUDGET_BELOW_PRICE: refused("budget"),
  DECODE: bad(),
  DISK_FULL: busy,
  EMBEDDING_INPUT: refused("model.layersModel"),
  EVIDENCE_ALREADY_PUNISHED: conflict("node"),
  EVIDENCE_BAD_SIGNATURE: refused("signature"),
  EVIDENCE_EXPIRED: refused("height"),
  EVIDENCE_FROM_THE_FUTURE: conflict("height"),
  EVIDENCE_KNOWN: conflict("node"),
  EVIDENCE_NOT_CANONICAL: refused("proof"),
  EVIDENCE_POOL_FULL: busy,
  EVIDENCE_SAME_VALUE: refused("proof"),
  EVIDENCE_UNKNOWN_NODE: refused("node"),
  EVIDENCE_UNKNOWN_VOTE_TYPE: refused("proof"),
  EVIDENCE_UNRELATED: refused("proof"),
  EVIDENCE_WRONG_KIND: refused("proof"),
  EXPIRED: refused("validUntil"),
  FEE_TOO_LOW: refused("fee"),
  IMPORT_CANCELLED: meaning(409, "It was cancelled"),
  IMPORT_CRASHED: refused(),
  IMPORT_TOO_COSTLY: refused(),
  INCOMPLETE_UPLOAD: conflict("upload"),
  INSUFFICIENT_BALANCE: refused(),
  JOB_DISK_FULL: busy,
  JOB_HAS_NO_MODEL: missing("id"),
  JOB_NOT_FINISHED: conflict("id"),
  MALFORMED_FORM: bad(),
  MANIFEST_TOO_COSTLY: refused("dataset"),
  MEMPOOL_FULL: busy,
  MODEL_CRASHED: refused("model.layersModel"),
  MODEL_GONE: missing(),
  MODEL_DATA_MISMATCH: refused("model"),
  MODEL_TOO_COSTLY: refused("model.layersModel"),
  NEEDS_TFJS: refused("engine"),
  NONCE_GAP: conflict("nonce"),
  NONCE_TOO_LOW: conflict("nonce"),
  NO_CLASSES: refused("dataset"),
  NO_LABELS: refused("label"),
  NO_TRACK: conflict("track"),
  NO_WINDOW: conflict("window"),
  NOTHING_TO_TRAIN: refused("model.layersModel"),
  NOT_A_MODEL: refused("model.layersModel"),
  NOT_ASSIGNED: refused("sender"),
  NOT_CLASSES: refused("label"),
  NOT_FOUND: missing(),
  ONE_CLASS: refused("label"),
  NO_AUDIT: conflict(),
  OVERLOADED: busy,
  REPLACEMENT_TOO_CHEAP: conflict("fee"),
  SENDER_FULL: meaning(429, "Too many transactions wait", "sender"),
  SLASHED: refused("sender"),
  TIMEOUT: late,
  TOO_FEW_CHUNKS: refused("participants"),
  TOO_LARGE: large(),
  TOO_MANY_IMPORTS: busy,
  TOO_MANY_UPLOADS: busy,
  TORRENT_STALLED: late,
  TRANSACTION_TOO_LARGE: large(),
  UNKNOWN_BLOCK: missing("at"),
  UNKNOWN_COLUMN: refused("label"),
  UNKNOWN_DATASET: refused("dataset"),
  TOO_MANY_DRAWS: busy,
  TOO_MANY_ENTRIES: busy,
  TOO_MANY_JOBS: conflict(),
  TOO_MANY_NODES: conflict(),
  UNKNOWN_JOB: missing("id"),
  UNKNOWN_UPLOAD: missing("id"),
  UPLOAD_TAKEN_OVER: conflict("id"),
  UNKNOWN_NODE: missing("key"),
  UNKNOWN_PRESET: refused("model.preset"),
  UNSUPPORTED_LAYER: refused("model.layersModel"),
  WRONG_OFFSET: conflict("Upload-Offset"),
  WRONG_PHASE: conflict(),
  WRONG_ROUND: conflict("round"),
};

/** Statuses the API itself throws, for titles. */
const TITLES: Readonly<Record<number, string>> = {
  400: "The request is malformed",
  401: "A token is needed",
  403: "Forbidden",
  404: "There is no such thing here",
  405: "The method is not allowed here",
  408: "The request did not arrive in time",
  413: "Too large",
  415: "The media type is not taken here",
  421: "Misdirected request",
  426: "An upgrade is needed",
  429: "Too many requests",
  503: "The node cannot take this now",
  504: "It took too long",
};

/** The problem document for an error; undefined for an error that the client must not see. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof ApiError && error.status >= 400) {
    const title = TITLES[error.status] ?? "The request failed";
    return document(error, meaning(error.status, title, error.field));
  }
  if (!(error instanceof PomlError)) return undefined;
  const known = MEANINGS[error.code];
  if (known !== undefined) return document(error, known);
  return error.action === "local" ? undefined : document(error, refused());
}

export function internalProblem(): Problem {
  return {
    type: "urn:poml:problem:INTERNAL",
    title: "The node failed",
    status: 500,
    detail: "the node could not answer; its log says why",
    code: "INTERNAL",
  };
}

function document(error: PomlError, { status, title, field }: Meaning): Problem {
  const where = namedField(error.facts) ?? field;
  return {
    type: `urn:poml:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(where === undefined ? {} : { field: where }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    ...(error instanceof ApiError && error.facts.retryAfter !== undefined
      ? { retryAfter: error.facts.retryAfter }
      : {}),
  };
}

/** Errors that name a field do so in `facts.field`, or name the layer of a model. */
function namedField(facts: object): string | undefined {
  const { field, layer } = facts as { field?: unknown; layer?: unknown };
  if (typeof layer === "string" && layer !== "") return `model.layersModel (layer ${layer})`;
  return typeof field === "string" ? field : undefined;
}
