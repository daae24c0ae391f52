/** The payloads of transactions as the API writes them, by kind. */
import type { VERDICTS } from "../../../chain/types/node.ts";
import type { Payloads, TransactionKind } from "../../../chain/types/transaction.ts";
import type { RecordJson, SpecJson } from "./jobs/job.ts";
import type { JsonOf } from "./json-of.ts";

type Plain = { readonly [K in TransactionKind]: JsonOf<Payloads[K]> };
type Finding = JsonOf<Payloads["window-verdict"]["findings"][number]>;

/** Kinds whose fields are easier to read in another form. */
interface Readable {
  readonly transfer: { readonly to: string; readonly amount: string };
  readonly "window-commit": Omit<Plain["window-commit"], "energySource"> & {
    readonly energySource: string;
  };
  readonly "window-verdict": Omit<Plain["window-verdict"], "findings"> & {
    readonly findings: readonly (Omit<Finding, "verdict"> & {
      readonly verdict: (typeof VERDICTS)[number];
    })[];
  };
  readonly "job-open": { readonly spec: SpecJson; readonly escrow: string };
  readonly "job-round": Omit<Plain["job-round"], "record"> & { readonly record: RecordJson };
}

export type PayloadJson = Omit<Plain, keyof Readable> & Readable;

/** A transaction's kind with the payload that belongs to it. */
export type TypedPayload = {
  readonly [K in TransactionKind]: { readonly kind: K; readonly payload: PayloadJson[K] };
}[TransactionKind];
