/** Whether a block is unaltered: a certificate covers its header, and the header covers everything else by roots. */
import { equalBytes } from "../../chain/crypto/hash.ts";
import {
  type Block,
  Certificate,
  EvidenceList,
  RatingChanges,
  Records,
  Transactions,
} from "../../chain/types/block.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";

/** The parent certificate of the first block. */
const NO_CERTIFICATE = Certificate.defaultValue();

/** The part whose root differs from the header; undefined when every part is as certified. */
export function wrongPart({ header, body, parentCertificate }: Block): string | undefined {
  const isFirst = header.height === 1 && Certificate.equals(parentCertificate, NO_CERTIFICATE);
  const carried = isFirst ? ZERO_HASH : Certificate.hashTreeRoot(parentCertificate);
  const roots: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ["transactions", header.transactionsRoot, Transactions.hashTreeRoot(body.transactions)],
    ["records", header.recordsRoot, Records.hashTreeRoot(body.records)],
    ["rating changes", header.ratingsRoot, RatingChanges.hashTreeRoot(body.ratingChanges)],
    ["evidence", header.evidenceRoot, EvidenceList.hashTreeRoot(body.evidence)],
    ["parent certificate", header.parentCertificate, carried],
  ];
  return roots.find(([, stated, found]) => !equalBytes(stated, found))?.[0];
}
