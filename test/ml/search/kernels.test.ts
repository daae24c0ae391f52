import { readFile } from "node:fs/promises";
import { blake2b } from "@noble/hashes/blake2.js";
import { expect } from "chai";
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import type { Stretch } from "../../../ml/search/algorithm.ts";
import {
  algorithmFile,
  buildAlgorithm,
  hashesSource,
  KERNELS,
  type KernelName,
} from "../../../ml/search/build-kernels.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { openShipped, SHIPPED, type ShippedName } from "../../../ml/search/shipped-algorithms.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { expectedStretch, referenceDigest } from "../../helpers/search-referee.ts";

const HIGHEST = new Uint8Array(32).fill(0xff);
const LOWEST = new Uint8Array(32);

/** Hashes one message, its first 4 bytes taken as the nonce; of messages of 4 bytes and more. */
async function digestOf(name: ShippedName, message: Uint8Array): Promise<string> {
  const task: SearchTask = {
    prefix: new Uint8Array(0),
    suffix: message.subarray(4),
    nonceBytes: 4,
    endian: "big",
    target: LOWEST,
  };
  const search = (await openShipped(name)).start(task);
  const nonce = BigInt(`0x${toHex(message.subarray(0, 4))}`);
  return toHex(search.stretch(nonce, 1).min.digest);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("search kernels", () => {
  it("are rebuilt from the sources to the same bytes", async function () {
    this.timeout(180_000);
    const modules = new Map<KernelName, Uint8Array>();
    for (const name of KERNELS) modules.set(name, await buildAlgorithm(name));
    for (const [name, bytes] of modules) {
      expect(Buffer.from(bytes).equals(await readFile(algorithmFile(name))), name).equal(true);
    }
    const source = new URL("../../../ml/search/algorithm-hashes.ts", import.meta.url);
    expect(hashesSource(modules)).equal(await readFile(source, "utf8"));
  });

  it("are refused if their bytes do not have the known hash", async () => {
    for (const { name } of SHIPPED) {
      const bytes = Uint8Array.from(await readFile(algorithmFile(name)));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await expectCodeAsync(() => openShipped(name, bytes), "ALGORITHM_UNKNOWN");
    }
  });

  it("give the published values of SHA-256", async () => {
    // The examples of FIPS 180-4 first.
    const values: readonly (readonly [message: Uint8Array, digest: string])[] = [
      [
        utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      ],
      [
        utf8(
          "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        ),
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
      ],
      // NIST's SHA256ShortMsg, Len = 32 and Len = 512.
      [
        Buffer.from("74ba2521", "hex"),
        "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e",
      ],
      [
        Buffer.from(
          "5a86b737eaea8ee976a0a24da63e7ed7eefad18a101c1211e2b3650c5187c2a8a650547208251f6d4237e661c7bf4c77f335390394c37fa1a9f9be836ac28509",
          "hex",
        ),
        "42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa",
      ],
      // RFC 6234, test 8 of SHA-256.
      [
        Buffer.from("e3d72570dcdd787ce3887ab2cd684652", "hex"),
        "175ee69b02ba9b58e2b0a5fd13819cea573f3940a94f825128cf4209beabb4e8",
      ],
    ];
    for (const [message, digest] of values) expect(await digestOf("sha256", message)).equal(digest);
  });

  it("give the double SHA-256 of Bitcoin's first block", async () => {
    const header = Buffer.from(
      "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
      "hex",
    );
    const task: SearchTask = {
      prefix: header.subarray(0, 76),
      suffix: new Uint8Array(0),
      nonceBytes: 4,
      endian: "little",
      target: HIGHEST,
    };
    const { min } = (await openShipped("sha256d")).start(task).stretch(2_083_236_893n, 1);
    const digest = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
    expect(toHex(min.digest.toReversed())).equal(digest);
  });

  it("give the values of BLAKE2b-512, cut to 32 bytes", async () => {
    // RFC 7693 has the value of "abc", which is shorter than a nonce: noble gives it, and says the others.
    expect(toHex(blake2b(utf8("abc"))).slice(0, 32)).equal("ba80a53f981c4d0d6a2797b69f12f6e9");
    const first = "77ddf4b14425eb3d053c1e84e3469d92c4cd910ed20f92035e0c99d8a7a86cec";
    expect(await digestOf("blake2b", Uint8Array.of(0, 1, 2, 3))).equal(first);
    const lengths = [4, 5, 64, 127, 128, 129, 255, 256, 257];
    for (const length of lengths) {
      const message = Uint8Array.from({ length }, (_, index) => index & 0xff);
      const digest = toHex(blake2b(message)).slice(0, 64);
      expect(await digestOf("blake2b", message), `${length} bytes`).equal(digest);
    }
  });

  for (const { name } of SHIPPED) {
    it(`${name} agrees with node:crypto wherever the nonce lies`, async () => {
      const search = (await openShipped(name)).start(taskWith(0, 0, 4, "big"));
      const lengths = [0, 1, 3, 47, 55, 56, 59, 60, 61, 63, 64, 119, 120, 124, 128, 256];
      for (const prefixBytes of lengths) {
        for (const suffixBytes of [0, 1, 9, 55, 64, 119, 256]) {
          for (const nonceBytes of [4, 8] as const) {
            const endian = (prefixBytes + suffixBytes) % 2 === 0 ? "big" : "little";
            const task = taskWith(prefixBytes, suffixBytes, nonceBytes, endian);
            search.use(task);
            const from = 2n ** 32n - (nonceBytes === 4 ? 7n : 3n);
            same(search.stretch(from, 7), expectedStretch(name, task, from, 7));
          }
        }
      }
    });

    it(`${name} agrees with node:crypto over many nonces, up to the last possible one`, async () => {
      const target = Uint8Array.of(0x02, ...new Uint8Array(31).fill(0xff));
      const task = { ...taskWith(70, 12, 8, "little"), target };
      const search = (await openShipped(name)).start(task);
      for (const [from, count] of [
        [0n, 16_384],
        [2n ** 64n - 4093n, 4093],
      ] as const) {
        const got = search.stretch(from, count);
        same(got, expectedStretch(name, task, from, count));
        expect(got.finds.length).within(1, count / 10);
      }
    });
  }

  it("find digests up to the target, and none that is one above it", async () => {
    for (const { name } of SHIPPED) {
      const task = taskWith(20, 20, 4, "big");
      const search = (await openShipped(name)).start(task);
      const digest = referenceDigest(name, task, 5n);
      search.use({ ...task, target: digest });
      expect(search.stretch(5n, 1).finds.map(({ nonce }) => nonce)).deep.equal([5n]);
      const below = Uint8Array.from(digest);
      below[31] = (below[31] ?? 0) - 1;
      // A last byte of 0 would make this another number; these tasks have none.
      expect(digest[31]).greaterThan(0);
      search.use({ ...task, target: below });
      expect(search.stretch(5n, 1).finds).deep.equal([]);
    }
  });
});

function taskWith(
  prefixBytes: number,
  suffixBytes: number,
  nonceBytes: 4 | 8,
  endian: "little" | "big",
): SearchTask {
  const prefix = Uint8Array.from({ length: prefixBytes }, (_, index) => (index * 31 + 7) & 0xff);
  const suffix = Uint8Array.from({ length: suffixBytes }, (_, index) => (index * 17 + 3) & 0xff);
  const target = Uint8Array.of(0x80, ...new Uint8Array(31));
  return { prefix, suffix, nonceBytes, endian, target };
}

function same(got: Stretch, wanted: Stretch): void {
  expect(toHex(got.running)).equal(toHex(wanted.running));
  expect(got.min.nonce).equal(wanted.min.nonce);
  expect(compareBytes(got.min.digest, wanted.min.digest)).equal(0);
  expect(got.finds).deep.equal(wanted.finds);
}
