import { readFile } from "node:fs/promises";
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
  UnionType,
} from "@chainsafe/ssz";
import { expect } from "chai";
import * as audit from "../../../chain/types/audit.ts";
import * as block from "../../../chain/types/block.ts";
import * as evidence from "../../../chain/types/evidence.ts";
import * as genesis from "../../../chain/types/genesis.ts";
import * as job from "../../../chain/types/job.ts";
import * as lease from "../../../chain/types/lease.ts";
import * as light from "../../../chain/types/light.ts";
import * as node from "../../../chain/types/node.ts";
import * as optimizer from "../../../chain/types/optimizer.ts";
import * as search from "../../../chain/types/search.ts";
import * as state from "../../../chain/types/state.ts";
import * as track from "../../../chain/types/track.ts";
import * as train from "../../../chain/types/train.ts";
import * as transaction from "../../../chain/types/transaction.ts";
import * as vote from "../../../chain/types/vote.ts";
import * as window from "../../../chain/types/window.ts";

const UNIONS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [evidence.Proof, "Proof"],
  [job.JobWork, "JobWork"],
  [job.JobProgress, "JobProgress"],
  [job.RoundGain, "RoundGain"],
]);

/** A type in the notation of the page. */
function nameOf(type: Type<unknown>): string {
  if (type instanceof ContainerType) return type.typeName;
  if (type instanceof UnionType) return UNIONS.get(type) ?? "Payload";
  if (type instanceof UintNumberType || type instanceof UintBigintType) {
    return `u${8 * type.byteLength}`;
  }
  if (type instanceof ByteVectorType) return `B${type.lengthBytes}`;
  if (type instanceof ByteListType) return `bytes≤${type.limitBytes}`;
  if (type instanceof ListBasicType || type instanceof ListCompositeType) {
    const limit = type.limit > 65_536 ? `2^${Math.log2(type.limit)}` : type.limit;
    return `[${nameOf(type.elementType as Type<unknown>)}]≤${limit}`;
  }
  throw new TypeError(`no notation for ${type.typeName}`);
}

function lineOf(type: { typeName: string; fields: Record<string, Type<unknown>> }): string {
  const fields = Object.entries(type.fields).map(([name, field]) => `${name} ${nameOf(field)}`);
  return `${type.typeName}: ${fields.join(", ")}`;
}

describe("docs/protocol.md", () => {
  it("lists every type as it is", async () => {
    const page = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/```ssz\n(.*?)```/gs)].flatMap(([, text = ""]) =>
      text
        .replaceAll(/\n {4}/g, " ")
        .trim()
        .split("\n"),
    );
    const types = [
      audit,
      block,
      evidence,
      genesis,
      job,
      lease,
      light,
      node,
      optimizer,
      search,
      state,
      track,
      train,
      transaction,
      vote,
      window,
    ]
      .flatMap((module): unknown[] => Object.values(module))
      .filter((value) => value instanceof ContainerType);
    expect(listed).to.have.members(types.map(lineOf));
  });
});
