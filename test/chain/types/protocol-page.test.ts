import { readdir, readFile } from "node:fs/promises";
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
import { Proof } from "../../../chain/types/evidence.ts";
import { JobProgress, JobWork, RoundGain } from "../../../chain/types/job.ts";
import { Payload } from "../../../chain/types/transaction.ts";

const PAGE = new URL("../../../docs/protocol.md", import.meta.url);
const TYPES = new URL("../../../chain/types/", import.meta.url);

const UNIONS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [Payload, "Payload"],
  [Proof, "Proof"],
  [JobWork, "JobWork"],
  [JobProgress, "JobProgress"],
  [RoundGain, "RoundGain"],
]);

/** A type in the notation of the page. */
function nameOf(type: Type<unknown>): string {
  if (type instanceof ContainerType) return type.typeName;
  if (type instanceof UnionType) return UNIONS.get(type) ?? "no union of this page";
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

/** The sentence about a union on the page, with its members in the order of their selectors. */
function sentenceOf(type: unknown, name: string): string {
  if (!(type instanceof UnionType)) throw new TypeError(`${name} is no union`);
  const types: readonly Type<unknown>[] = type.types;
  const members = types.map(({ typeName }) => kebabOf(typeName)).join(", ");
  return `\`${name}\` is an SSZ union; the selector is the position in: ${members}.`;
}

/** `job-open` of `JobOpen`. */
function kebabOf(typeName: string): string {
  return typeName.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

async function typesOfChain(): Promise<ContainerType<never>[]> {
  const files = await readdir(TYPES);
  const modules = await Promise.all(files.map((file) => import(new URL(file, TYPES).href)));
  return modules
    .flatMap((module): unknown[] => Object.values(module))
    .filter((value): value is ContainerType<never> => value instanceof ContainerType);
}

describe("docs/protocol.md", () => {
  it("lists every type as it is", async () => {
    const page = await readFile(PAGE, "utf8");
    const listed = [...page.matchAll(/```ssz\n(.*?)```/gs)].flatMap(([, text = ""]) =>
      text
        .replaceAll(/\n {4}/g, " ")
        .trim()
        .split("\n"),
    );
    expect(listed).to.have.members((await typesOfChain()).map(lineOf));
  });

  it("lists the members of every union in the order of their selectors", async () => {
    const page = (await readFile(PAGE, "utf8")).replaceAll("\n", " ");
    for (const [type, name] of UNIONS) expect(page).to.contain(sentenceOf(type, name));
  });
});
