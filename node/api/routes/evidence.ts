/** Evidence of a fault, from anyone who has it. No token: its signatures speak for themselves. */
import { decodeSsz } from "../../../chain/decode.ts";
import { Evidence } from "../../../chain/types/evidence.ts";
import type { NodeServices } from "../../services.ts";
import { apiError } from "../api-error.ts";
import { SubmittedEvidence } from "../contract/block.ts";
import { Bytes } from "../contract/scalar.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";

const MAX_BYTES = 4 * 1024;

export function evidenceRoutes(services: NodeServices): Route[] {
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
        if (call.mediaType !== "application/octet-stream") {
          throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "evidence comes as bytes", {
            field: "Content-Type",
            remedy: "send SSZ Evidence as application/octet-stream",
          });
        }
        const evidence = decodeSsz("evidence", Evidence, await call.bytes(MAX_BYTES));
        await services.submitEvidence(evidence);
        return { status: 202, json: { node: evidence.node } };
      },
    }),
  ];
}
