/** Blocks and transactions in the contract's form. */
import { blockHash } from "../../../chain/apply-block.ts";
import { addressOf, formatAddress } from "../../../chain/crypto/address.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { evidenceHeight } from "../../../chain/evidence/check-evidence.ts";
import type { State } from "../../../chain/state/state.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { CertifiedBlock, type Header } from "../../../chain/types/block.ts";
import { EVIDENCE_KINDS } from "../../../chain/types/evidence.ts";
import {
  type Factors,
  RATING_CAUSES,
  RATING_FAULTS,
  type RatingChange,
  VERDICTS,
} from "../../../chain/types/node.ts";
import {
  kindOf,
  type Payloads,
  type SignedTransaction,
  type TransactionKind,
} from "../../../chain/types/transaction.ts";
import { ENERGY_SOURCES } from "../../../chain/types/window.ts";
import { breathe } from "../../../ml/training/breathe.ts";
import type { TransactionStatus, WaitingTransaction } from "../../chain/transaction-status.ts";
import type {
  BlockJson,
  BlockSummary,
  HeaderJson,
  TransactionJson,
  TransactionStatusJson,
  WaitingTransactionJson,
} from "../contract/block.ts";
import type { PayloadJson } from "../contract/payload.ts";
import { named, nodeName } from "./jobs/frame.ts";
import { encodeRecord, encodeSpec } from "./jobs/job.ts";
import { nameOf, plain, textOf } from "./plain.ts";

type PayloadEncoders = {
  readonly [K in TransactionKind]?: (value: Payloads[K], state: State) => PayloadJson[K];
};

/** Kinds whose fields are easier to read than hex; the others use the general form. */
const PAYLOADS: PayloadEncoders = {
  transfer: ({ to, amount }) => ({ to: formatAddress(to), amount: amount.toString() }),
  register: (value) => ({
    ...plain(value),
    name: textOf(value.name),
    endpoint: textOf(value.endpoint),
  }),
  "window-commit": (value) => ({
    ...plain(value),
    energySource: nameOf(ENERGY_SOURCES, value.energySource),
  }),
  "window-verdict": ({ window, node, findings }) => ({
    window,
    node,
    findings: findings.map((finding) => ({
      ...plain(finding),
      verdict: nameOf(VERDICTS, finding.verdict),
    })),
  }),
  "job-open": ({ spec, escrow }) => ({ spec: encodeSpec(spec), escrow: escrow.toString() }),
  "job-round": (value, state) => ({
    ...plain(value),
    record: encodeRecord(state, value.record),
  }),
};

/** Number of transactions that are encoded without a pause. */
const PIECE = 64;

function encodeTransaction(state: State, signed: SignedTransaction): TransactionJson {
  const { transaction, signature } = signed;
  const kind = kindOf(transaction);
  const encode = PAYLOADS[kind] as ((value: unknown, state: State) => object) | undefined;
  const { value } = transaction.payload;
  return {
    id: toHex(transactionId(transaction)),
    kind,
    sender: toHex(transaction.sender),
    address: formatAddress(addressOf(transaction.sender)),
    nonce: transaction.nonce,
    fee: transaction.fee.toString(),
    validUntil: transaction.validUntil,
    payload: { ...(encode?.(value, state) ?? plain<object>(value)) },
    signature: toHex(signature),
  };
}

export function encodeWaiting(
  height: number,
  { signed: { transaction }, since, signedBy, reason }: WaitingTransaction,
): WaitingTransactionJson {
  const { nonce, fee, validUntil } = transaction;
  return {
    id: toHex(transactionId(transaction)),
    kind: kindOf(transaction),
    nonce,
    fee: fee.toString(),
    validUntil,
    since,
    blocks: Math.max(0, height - since),
    signedBy,
    reason,
  };
}

export function encodeTransactionStatus(
  state: State,
  status: TransactionStatus,
): TransactionStatusJson {
  const { height, index } = status;
  return {
    state: status.state,
    ...(height === undefined ? {} : { height }),
    ...(index === undefined ? {} : { index }),
    transaction: encodeTransaction(state, status.transaction),
  };
}

function encodeHeader(header: Header): HeaderJson {
  return {
    version: header.version,
    height: header.height,
    round: header.round,
    time: Number(header.time),
    parent: toHex(header.parent),
    proposer: toHex(header.proposer),
    onionReveal: toHex(header.onionReveal),
    totalWeight: header.totalWeight.toString(),
    transactionsRoot: toHex(header.transactionsRoot),
    recordsRoot: toHex(header.recordsRoot),
    ratingsRoot: toHex(header.ratingsRoot),
    evidenceRoot: toHex(header.evidenceRoot),
    seatsRoot: toHex(header.seatsRoot),
    stateRoot: toHex(header.stateRoot),
    parentCertificate: toHex(header.parentCertificate),
  };
}

export function encodeFactors({
  capacity,
  ...shares
}: Factors): BlockJson["ratingChanges"][number]["factors"] {
  return { capacity: capacity.toString(), ...shares };
}

export function encodeRatingChange(
  state: State,
  change: RatingChange,
): BlockJson["ratingChanges"][number] {
  return {
    node: change.node,
    ...named("name", nodeName(state, change.node)),
    cause: nameOf(RATING_CAUSES, change.cause),
    ...(change.fault === 0 ? {} : { fault: nameOf(RATING_FAULTS, change.fault) }),
    window: change.window,
    segments: change.segments,
    factors: encodeFactors(change.factors),
    before: change.before.toString(),
    after: change.after.toString(),
  };
}

/** In pieces: encoding a full block takes a quarter of a second, for which the chain must not stop. */
export async function encodeBlock(state: State, certified: CertifiedBlock): Promise<BlockJson> {
  const { block, certificate } = certified;
  const { header, body } = block;
  const transactions: BlockJson["transactions"] = [];
  for (const transaction of body.transactions) {
    transactions.push(encodeTransaction(state, transaction));
    if (transactions.length % PIECE === 0) await breathe();
  }
  return {
    hash: toHex(blockHash(header)),
    sizeBytes: CertifiedBlock.value_serializedSize(certified),
    ...named("proposerName", proposerName(state, header)),
    header: encodeHeader(header),
    transactions,
    records: body.records.map((record) => encodeRecord(state, record)),
    ratingChanges: body.ratingChanges.map((change) => encodeRatingChange(state, change)),
    evidence: body.evidence.map((piece) => {
      const height = evidenceHeight(piece);
      return {
        node: piece.node,
        ...named("name", nodeName(state, piece.node)),
        kind: nameOf(EVIDENCE_KINDS, piece.proof.selector),
        ...(height === undefined ? {} : { height }),
      };
    }),
    certificate: {
      height: certificate.height,
      round: certificate.round,
      blockHash: toHex(certificate.blockHash),
      signatures: certificate.signatures.map(({ seat, signature }) => ({
        seat,
        signature: toHex(signature),
      })),
    },
  };
}

export function encodeBlockSummary(state: State, certified: CertifiedBlock): BlockSummary {
  const { header, body } = certified.block;
  return {
    height: header.height,
    hash: toHex(blockHash(header)),
    time: Number(header.time),
    round: header.round,
    proposer: toHex(header.proposer),
    ...named("proposerName", proposerName(state, header)),
    transactions: body.transactions.length,
    records: body.records.length,
    ratingChanges: body.ratingChanges.length,
    signatures: certified.certificate.signatures.length,
    sizeBytes: CertifiedBlock.value_serializedSize(certified),
  };
}

function proposerName(state: State, header: Header): string | undefined {
  const index = state.nodeIndex(header.proposer);
  return index === undefined ? undefined : nodeName(state, index);
}
