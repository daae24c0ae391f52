/** An order to train as a client states it, before anything is filled in (default-order.ts). */
import type { Loss, Optimizer } from "../../../ml/hyperparameters.ts";
import type { AggregationSettings, ServerSettings } from "../../../ml/job-aggregation.ts";

/** An optimizer as a client names it; open fields are filled in. */
export type OptimizerRequest = {
  readonly [K in Optimizer["kind"]]: { readonly kind: K } & Partial<
    Omit<Extract<Optimizer, { kind: K }>, "kind">
  >;
}[Optimizer["kind"]];

/** A server optimizer as a client names it; open fields are filled in. */
export type ServerRequest = {
  readonly [K in ServerSettings["kind"]]: { readonly kind: K } & Partial<
    Omit<Extract<ServerSettings, { kind: K }>, "kind">
  >;
}[ServerSettings["kind"]];

/** A training order as a client states it; undefined fields are filled in. */
export interface JobRequest {
  readonly name?: string | undefined;
  readonly dataset: string;
  /** A preset's name or LayersModel JSON. */
  readonly model?: { readonly preset: string } | { readonly layersModel: unknown } | undefined;
  readonly engine?: "exact" | "tfjs" | undefined;
  readonly rounds?: number | undefined;
  readonly localEpochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly optimizer?: OptimizerRequest | undefined;
  /** Undefined = the cross-entropy that fits the model. */
  readonly loss?: Loss | undefined;
  readonly partition?: "iid" | "by-label" | undefined;
  readonly aggregation?: Partial<AggregationSettings> | undefined;
  readonly server?: ServerRequest | undefined;
  readonly participants?: number | undefined;
  readonly quorum?: number | undefined;
  readonly teamSize?: number | undefined;
  readonly phaseSeconds?: number | undefined;
  readonly pricePerSample?: bigint | undefined;
  readonly targetAccuracy?: number | undefined;
  /** Micro-POML to put in escrow; undefined = the price plus a small reserve. */
  readonly budget?: bigint | undefined;
  /** 32 bytes hex; undefined = drawn by the node. */
  readonly seed?: string | undefined;
}
