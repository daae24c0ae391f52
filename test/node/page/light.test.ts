/** The light client as a browser runs it: chain/light in Chromium against a node's real answers. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed, verify } from "../../../chain/crypto/keys.ts";
import { verifyNoble, verifyWeb } from "../../../chain/crypto/verify-web.ts";
import { Header } from "../../../chain/types/block.ts";
import { InclusionProof, LightBlock } from "../../../chain/types/light.ts";
import { Account } from "../../../chain/types/state.ts";
import { PomlClient } from "../../../node/api/client.ts";
import { buildLight } from "../../../node/page/light/build.ts";
import type { Checked, Vouched } from "../../../node/page/light/light.ts";
import { launchChromium } from "../../helpers/chromium.ts";
import { startApi, type TestApi } from "../api/support.ts";

interface Case {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
}

/** Signatures good and bad, each with what the node's verifier says of it. */
function signatureCases(): Case[] {
  const keys = keyPairFromSeed(sha256(Uint8Array.of(7)));
  const message = sha256(Uint8Array.of(8));
  const signature = keys.sign(message);
  const { Fn, BASE } = ed25519.Point;
  const littleEndian = (value: bigint): Uint8Array =>
    Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  const s = [...signature.slice(32)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const joined = (r: Uint8Array, half: Uint8Array) => Uint8Array.from([...r, ...half]);
  const r = signature.slice(0, 32);
  const nonCanonicalR = littleEndian(2n ** 255n - 18n);
  const made = (
    name: string,
    changes: Partial<Record<"key" | "message" | "signature", Uint8Array>>,
  ) => ({
    name,
    publicKey: toHex(changes.key ?? keys.publicKey),
    message: toHex(changes.message ?? message),
    signature: toHex(changes.signature ?? signature),
  });
  return [
    made("good", {}),
    made("another message", { message: sha256(message) }),
    made("s + L", { signature: joined(r, littleEndian(s + Fn.ORDER)) }),
    made("s = L", { signature: joined(r, littleEndian(Fn.ORDER)) }),
    made("R of small order", { signature: joined(littleEndian(1n), signature.slice(32)) }),
    made("R with two encodings", { signature: joined(nonCanonicalR, signature.slice(32)) }),
    made("R negated", { signature: joined(r.with(31, (r[31] ?? 0) ^ 0x80), signature.slice(32)) }),
    made("R = B, s = 1", { signature: joined(BASE.toBytes(), littleEndian(1n)) }),
    made("zero signature", { signature: new Uint8Array(64) }),
    made("short signature", { signature: signature.slice(1) }),
    made("key off the curve", { key: littleEndian(2n) }),
  ];
}

describe("light client in a browser", function () {
  this.timeout(60_000);
  let browser: Browser;
  let page: Page;
  let test: TestApi;
  let vouched: Vouched;
  let updates: string[];

  before(async function () {
    browser = await launchChromium(this);
    await buildLight();
    test = await startApi();
    const { node } = test;
    while (node.state().height < 40) node.advance();
    page = await browser.newPage();
    await page.goto(`${test.url}/`);
    const client = new PomlClient(test.url);
    const first = await client.lightBlock(5);
    const hash = toHex(Header.hashTreeRoot(first.header));
    vouched = { height: 5, hash, genesisRoot: toHex(node.chain.genesisRoot) };
    const changes = [15, 31, 40].map((height) => client.lightBlock(height));
    updates = [first, ...(await Promise.all(changes))].map((block) =>
      toHex(LightBlock.serialize(block)),
    );
  });
  after(async () => {
    await browser?.close();
    await test?.stop();
  });

  /** Runs `follow` in the page. @returns what was checked, or the code of the refusal */
  const follow = (from: Vouched, hexes: readonly string[]): Promise<Checked | string> =>
    page.evaluate(
      async ([trust, blocks]) => {
        const at = "/assets/light.js";
        const light = await import(at);
        try {
          return await light.follow(trust, blocks);
        } catch (error) {
          return light.codeOf(error) ?? String(error);
        }
      },
      [from, hexes] as const,
    );

  it("follows real blocks and asks its node for the route by itself", async () => {
    const hash = toHex(test.node.head().hash);
    expect(await follow(vouched, updates)).to.deep.equal({
      height: 40,
      hash,
      steps: 3,
      signatures: 16,
    });
    const asked = await page.evaluate(async (trust) => {
      const at = "/assets/light.js";
      return (await import(at)).verifyBlock(trust, 40);
    }, vouched);
    expect(asked).to.include({ height: 40, hash, steps: 1 });
  });

  it("refuses altered blocks, with the same codes as a node", async () => {
    const bent = (index: number, change: (block: LightBlock) => LightBlock): string[] =>
      updates.with(
        index,
        toHex(LightBlock.serialize(change(LightBlock.deserialize(fromHex(updates[index] ?? ""))))),
      );
    const other = { ...vouched, hash: "00".repeat(32) };
    expect(await follow(other, updates)).to.equal("LIGHT_OTHER_BLOCK");
    const elsewhere = { ...vouched, genesisRoot: "11".repeat(32) };
    expect(await follow(elsewhere, updates)).to.equal("CERTIFICATE_BAD_SIGNATURE");
    const header = bent(1, (block) => ({ ...block, header: { ...block.header, round: 3 } }));
    expect(await follow(vouched, header)).to.equal("LIGHT_CERTIFICATE_OF_ANOTHER_BLOCK");
    const weight = bent(2, (block) => {
      const signatures = block.certificate.signatures.slice(0, 2);
      return { ...block, certificate: { ...block.certificate, signatures } };
    });
    expect(await follow(vouched, weight)).to.equal("CERTIFICATE_TOO_LITTLE_WEIGHT");
    expect(await follow(vouched, updates.toReversed())).to.equal("LIGHT_OTHER_BLOCK");
    expect(await follow(vouched, updates.with(1, "00ff"))).to.equal("DECODE");
  });

  it("proves an account under a header it believes, and no other balance", async () => {
    const { chain } = test.node;
    const of = `accounts/${formatAddress(chain.client.address)}`;
    const { proof } = await new PomlClient(test.url).proof(of);
    const prove = (one: InclusionProof) =>
      page.evaluate(
        async ([trust, blocks, hex]) => {
          const at = "/assets/light.js";
          const light = await import(at);
          return light.prove(trust, blocks, hex).catch((error: unknown) => light.codeOf(error));
        },
        [vouched, updates, toHex(InclusionProof.serialize(one))] as const,
      );
    const ssz = toHex(Account.serialize(chain.head.state.account(chain.client.address)));
    expect(await prove(proof)).to.deep.equal({ kind: "account", index: 0, ssz });
    const rich = { ...Account.deserialize(proof.value), balance: 2n ** 60n };
    expect(await prove({ ...proof, value: Account.serialize(rich) })).to.equal(
      "LIGHT_NOT_INCLUDED",
    );
  });

  it("judges signatures as nodes do, by WebCrypto and without it, crafted ones as well", async () => {
    const cases = signatureCases();
    const inPage = await page.evaluate(async (all) => {
      const at = "/assets/light.js";
      const light = await import(at);
      const verdicts: [boolean, boolean][] = [];
      for (const { publicKey, message, signature } of all) {
        const given = [publicKey, message, signature].map((hex) => light.fromHex(hex));
        verdicts.push([await light.verifyWeb(...given), await light.verifyNoble(...given)]);
      }
      return { verdicts, native: await light.offersEd25519() };
    }, cases);
    expect(inPage.native).to.equal(true);
    for (const [index, { name, publicKey, message, signature }] of cases.entries()) {
      const given = [fromHex(publicKey), fromHex(message), fromHex(signature)] as const;
      const expected = await verify(...given);
      expect(inPage.verdicts[index], name).to.deep.equal([expected, expected]);
      expect(await verifyWeb(...given), name).to.equal(expected);
      expect(await verifyNoble(...given), name).to.equal(expected);
    }
    expect(inPage.verdicts.flat().filter((valid) => valid)).to.have.length(2);
  });

  it("shows on a block's page what it verified", async () => {
    await page.goto(`${test.url}/#/blocks/33`);
    await page.getByLabel("trusted block").fill(`${vouched.height}:${vouched.hash}`);
    await page.getByRole("button", { name: "Verify signatures" }).click();
    await page.getByText("Block #33 follows from block #5").waitFor({ timeout: 20_000 });
    await page.getByLabel("trusted block").fill(`6:${vouched.hash}`);
    await page.getByRole("button", { name: "Verify signatures" }).click();
    await page.getByText("Not verified").waitFor({ timeout: 20_000 });
  });
});
