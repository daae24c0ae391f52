import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisRoot } from "../../../chain/genesis.ts";
import {
  decodeGenesis,
  encodeGenesis,
  readGenesisFile,
  writeGenesisFile,
} from "../../../node/config/genesis-file.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";

type Json = Record<string, unknown>;

describe("genesis.json", () => {
  const { genesis } = new TestChain();
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-genesis-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("keeps the root over a round trip through the file", async () => {
    const path = join(directory, "genesis.json");
    await writeGenesisFile(path, genesis);
    const read = await readGenesisFile(path);
    expect(toHex(genesisRoot(read))).equal(toHex(genesisRoot(genesis)));
  });

  it("names the field that is wrong", () => {
    const json = encodeGenesis(genesis) as { parameters: Json; accounts: Json[] };
    const cases: [string, unknown][] = [
      ["parameters.feeRate", { ...json, parameters: { ...json.parameters, feeRate: -1 } }],
      ["parameters.surplus", { ...json, parameters: { ...json.parameters, surplus: 1 } }],
      ["accounts.0.balance", { ...json, accounts: [{ ...json.accounts[0], balance: "-1" }] }],
      ["accounts.0.address", { ...json, accounts: [{ ...json.accounts[0], address: "poml1x" }] }],
    ];
    for (const [field, changed] of cases) {
      const error = expectCode(() => decodeGenesis(changed), "GENESIS_MALFORMED");
      expect(error.message).contain(field.split(".").at(-1));
    }
  });

  it("refuses what breaks the chain's rules", () => {
    const json = encodeGenesis(genesis) as { accounts: Json[] };
    const [account] = json.accounts;
    expectCode(() => decodeGenesis({ ...json, accounts: [account, account] }), "BAD_GENESIS");
  });

  it("says how to start when there is none", async () => {
    const error = await expectCodeAsync(
      () => readGenesisFile(join(directory, "none.json")),
      "NOT_INITIALISED",
    );
    expect(error.remedy).contain("poml init");
  });
});
