/** Evidence of a fault, from anyone. It needs no token, because its signatures prove it. */
import { decodeSsz } from "../../../chain/decode.ts";
import { decodeLightBlock } from "../../../chain/light/codec.ts";
import { Evidence } from "../../../chain/types/evidence.ts";
import type { LightBlock } from "../../../chain/types/light.ts";
import { apiError } from "../api-error.ts";
import { SubmittedEvidence } from "../contract/block.ts";
import { AccusedJson } from "../contract/light.ts";
import { Bytes } from "../contract/scalar.ts";
import { type Call, type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";

const MAX_BYTES = 4 * 1024;
/** A light block of 1,024 seats that all signed. */
const MAX_LIGHT_BYTES = 128 * 1024;

export interface EvidenceRouteModules {
  /**
   * Verifies, stores and gossips proof of a fault.
   * @throws InvalidEvidence
   */
  submitEvidence(evidence: Evidence): Promise<void>;
  /**
   * Accuses the nodes that signed both this chain's block of a height and another block, which was shown to somebody.
   * @returns their node indexes
   * @throws LightError, InvalidEvidence
   */
  reportConflict(block: LightBlock): Promise<readonly number[]>;
}

export function evidenceRoutes(services: EvidenceRouteModules): Route[] {
  return [
    route({
      method: "post",
      path: "/v1/evidence",
      tokens: 5,
      tag: "chain",
      summary: "Hand in proof that a node signed two messages where one is allowed (SSZ Evidence)",
      query: NoQuery,
      content: { "application/octet-stream": Bytes },
      answers: [{ status: 202, description: "taken", schema: SubmittedEvidence }],
      handle: async (call) => {
        requireBytes(call, "SSZ Evidence");
        const evidence = decodeSsz("evidence", Evidence, await call.bytes(MAX_BYTES));
        await services.submitEvidence(evidence);
        return { status: 202, json: { node: evidence.node } };
      },
    }),
    route({
      method: "post",
      path: "/v1/light/conflicts",
      tokens: 100,
      isCostly: true,
      bodyBytes: MAX_LIGHT_BYTES,
      tag: "light",
      summary:
        "Hand in a block that another node shows as final and that is not on this chain (SSZ LightBlock): nodes that signed both are accused",
      query: NoQuery,
      content: { "application/octet-stream": Bytes },
      answers: [{ status: 202, description: "the accused", schema: AccusedJson }],
      handle: async (call) => {
        requireBytes(call, "SSZ LightBlock");
        const block = decodeLightBlock(await call.bytes(MAX_LIGHT_BYTES));
        return { status: 202, json: { nodes: await services.reportConflict(block) } };
      },
    }),
  ];
}

function requireBytes({ mediaType }: Call, what: string): void {
  if (mediaType === "application/octet-stream") return;
  throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "evidence comes as bytes", {
    field: "Content-Type",
    remedy: `send ${what} as application/octet-stream`,
  });
}
