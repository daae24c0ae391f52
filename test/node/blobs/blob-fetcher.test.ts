import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { BlobFetcher } from "../../../node/blobs/blob-fetcher.ts";
import { blobPeersOf } from "../../../node/blobs/blob-peers.ts";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { serveBlobs } from "../../../p2p/protocols/blob.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { type LinkedHost, MemoryNetwork } from "../../helpers/memory-network.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";

const never = new Promise<never>(() => {});

describe("BlobFetcher", () => {
  const folders = new TemporaryFolders();
  const bytes = new Uint8Array(randomBytes(1000));
  const hash = sha256(bytes);
  const maxBytes = 1000;
  let network: MemoryNetwork;
  let me: LinkedHost;
  let fetcher: BlobFetcher;

  beforeEach(async () => {
    network = new MemoryNetwork();
    me = network.host();
    const blobs = await BlobStore.open(await folders.create());
    fetcher = new BlobFetcher({ blobs, peers: blobPeersOf(me) });
  });
  after(() => folders.removeAll());

  /** A peer, and how often it was asked. */
  async function peer(find: () => Promise<Uint8Array | undefined>) {
    const host = network.host();
    const seen = { host, asked: 0 };
    await serveBlobs(host, () => {
      seen.asked += 1;
      return find();
    });
    me.link(host);
    return seen;
  }

  it("asks only the preferred peers if told so, and otherwise all others, too", async () => {
    const owner = await peer(async () => undefined);
    const other = await peer(async () => bytes);
    const prefer = [owner.host.peerId];
    const { signal } = new AbortController();
    const narrow = { prefer, onlyPreferred: true, maxBytes, signal };
    await expectCodeAsync(() => fetcher.fetch(hash, narrow), "BLOB_NOT_FOUND");
    expect(other.asked).equal(0);
    expect(await fetcher.fetch(hash, { prefer, maxBytes, signal })).deep.equal(bytes);
    expect([owner.asked, other.asked]).deep.equal([2, 1]);
  });

  it("searches once for all that want a blob, and goes on when the first gives up", async () => {
    let show = (_: Uint8Array): void => {};
    const owner = await peer(() => new Promise((resolve) => (show = resolve)));
    const control = new AbortController();
    const first = fetcher.fetch(hash, { maxBytes, signal: control.signal });
    const second = fetcher.fetch(hash, { maxBytes, signal: new AbortController().signal });
    await until(() => owner.asked === 1, 5_000, "request");
    control.abort(new Error("not wanted"));
    const reason = await first.catch((error: Error) => error.message);
    expect(reason).equal("not wanted");
    show(bytes);
    expect(await second).deep.equal(bytes);
    expect(owner.asked).equal(1);
  });

  it("joins no search that asks other peers or has a smaller limit, because its result may differ", async () => {
    const silent = await peer(() => never);
    const owner = await peer(async () => bytes);
    const control = new AbortController();
    const { signal } = control;
    const from = (host: LinkedHost) => ({ prefer: [host.peerId], onlyPreferred: true, signal });
    const waiting = fetcher.fetch(hash, { ...from(silent.host), maxBytes });
    waiting.catch(() => {});
    await until(() => silent.asked === 1, 5_000, "request");
    const tooSmall = fetcher.fetch(hash, { ...from(owner.host), maxBytes: maxBytes - 1 });
    await expectCodeAsync(() => tooSmall, "BLOB_NOT_FOUND");
    expect(await fetcher.fetch(hash, { ...from(owner.host), maxBytes })).deep.equal(bytes);
    control.abort(new Error("over"));
  });

  it("ends a search that nobody waits for, and starts a new one for the next caller", async () => {
    let answer: Promise<Uint8Array> = never;
    const owner = await peer(() => answer);
    const control = new AbortController();
    const given = fetcher.fetch(hash, { maxBytes, signal: control.signal });
    await until(() => owner.asked === 1, 5_000, "request");
    control.abort(new Error("not wanted"));
    await given.catch(() => {});
    answer = Promise.resolve(bytes);
    const { signal } = new AbortController();
    expect(await fetcher.fetch(hash, { maxBytes, signal })).deep.equal(bytes);
  });

  it("asks another peer beside one that is too slow, and takes the first whole blob", async () => {
    const blobs = await BlobStore.open(await folders.create());
    const hasty = new BlobFetcher({ blobs, peers: blobPeersOf(me) }, { lookMs: 20 });
    const slow = await peer(() => never);
    const fast = await peer(async () => bytes);
    const { signal } = new AbortController();
    const options = { prefer: [slow.host.peerId], maxBytes, signal };
    const { path, source } = await hasty.fetchFile(hash, options);
    expect(source.size).to.equal(bytes.length);
    expect(path).to.equal(blobs.pathOf(hash));
    expect([slow.asked, fast.asked]).to.deep.equal([1, 1]);
  });

  it("removes wrong bytes from the disk, and asks the next peer", async () => {
    const folder = await folders.create();
    const blobs = await BlobStore.open(folder);
    const careful = new BlobFetcher({ blobs, peers: blobPeersOf(me) });
    const liar = await peer(async () => bytes.map((byte) => byte ^ 1));
    const honest = await peer(async () => bytes);
    const { signal } = new AbortController();
    const options = { prefer: [liar.host.peerId], maxBytes, signal };
    expect(await careful.fetch(hash, options)).to.deep.equal(bytes);
    expect([liar.asked, honest.asked]).to.deep.equal([1, 1]);
    expect(await readdir(join(folder, "blobs"))).to.have.length(1);
    await expectCodeAsync(
      () => careful.fetch(sha256(Uint8Array.of(1)), { ...options, onlyPreferred: true }),
      "BLOB_NOT_FOUND",
    );
    expect(await readdir(join(folder, "blobs"))).to.have.length(1);
  });
});
