/** Whatever happens to the states of a window, no more of it is claimed than can be served. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { LaneStates, type LaneWriter, type WindowRef } from "../../../node/rating/lane-states.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";

const WINDOW: WindowRef = { number: 7, mix: new Uint8Array(32).fill(7) };
const folderOf = (dataDir: string): string => join(dataDir, "window", "7-0707070707070707");
const stateAt = (lane: number, index: number): Uint8Array =>
  sha256(new TextEncoder().encode(`${lane}/${index}`));
const hashesOf = (lane: number, segments: number): Uint8Array[] =>
  Array.from({ length: segments + 1 }, (_, index) => sha256(stateAt(lane, index)));

function put(writer: LaneWriter, lane: number, segments: number): void {
  for (let index = 0; index <= segments; index++) writer.put(lane, index, stateAt(lane, index));
}

describe("LaneStates", () => {
  const folders = new TemporaryFolders();
  let dataDir: string;
  let states: LaneStates;
  let writer: LaneWriter;

  beforeEach(async () => {
    dataDir = await folders.create();
    states = new LaneStates({ dataDir });
    const begun = await states.begin(WINDOW);
    if (begun === undefined) throw new Error("nothing was worked yet");
    writer = begun;
  });
  afterEach(() => folders.removeAll());

  it("keeps finished work over a restart", async () => {
    put(writer, 0, 4);
    expect(await writer.finish([hashesOf(0, 4)])).to.deep.equal([hashesOf(0, 4)]);
    const again = new LaneStates({ dataDir });
    expect(await again.worked(WINDOW)).to.deep.equal([hashesOf(0, 4)]);
    expect(await again.get(WINDOW, 0, 3)).to.deep.equal(stateAt(0, 3));
    expect(await again.get(WINDOW, 1, 3)).to.equal(undefined);
  });

  it("claims up to the first state that is missing, of every lane for itself", async () => {
    put(writer, 0, 4);
    for (const index of [0, 1, 3, 4]) writer.put(1, index, stateAt(1, index));
    const kept = await writer.finish([hashesOf(0, 4), hashesOf(1, 4), []]);
    expect(kept).to.deep.equal([hashesOf(0, 4), hashesOf(1, 2), []]);
  });

  it("claims nothing of lanes whose states were mixed up", async () => {
    for (let index = 0; index <= 4; index++) writer.put(0, index, stateAt(1, index));
    expect(await writer.finish([hashesOf(0, 4)])).to.deep.equal([[]]);
  });

  it("claims nothing if a worker sent other states than it reported", async () => {
    put(writer, 0, 4);
    writer.put(0, 2, stateAt(5, 2));
    expect(await writer.finish([hashesOf(0, 4)])).to.deep.equal([hashesOf(0, 2)]);
  });

  it("claims less when the disk takes no more, and says why", async () => {
    writer.put(0, 0, stateAt(0, 0));
    writer.put(0, 1, stateAt(0, 1));
    // A folder in the place of the file: the write fails as on a full disk.
    await mkdir(join(folderOf(dataDir), "0-2.state"));
    for (const index of [2, 3, 4]) writer.put(0, index, stateAt(0, index));
    expect(await writer.finish([hashesOf(0, 4)])).to.deep.equal([hashesOf(0, 2)]);
    expect(writer.failure).to.be.instanceOf(Error);
  });

  it("claims nothing if the disk does not even take the note of it", async () => {
    put(writer, 0, 4);
    await mkdir(join(folderOf(dataDir), "worked.json.tmp"));
    const failed = await writer.finish([hashesOf(0, 4)]).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    expect(await states.worked(WINDOW)).to.equal(undefined);
  });

  it("serves no state that differs from the claimed one", async () => {
    put(writer, 0, 4);
    await writer.finish([hashesOf(0, 4)]);
    await writeFile(join(folderOf(dataDir), "0-2.state"), stateAt(0, 2).subarray(1));
    expect(await states.get(WINDOW, 0, 2)).to.equal(undefined);
    expect(await states.get(WINDOW, 0, 3)).to.deep.equal(stateAt(0, 3));
  });

  it("ignores files of an earlier window or another chain", async () => {
    put(writer, 0, 4);
    await writer.finish([hashesOf(0, 4)]);
    for (const other of [
      { ...WINDOW, number: 8 },
      { ...WINDOW, mix: new Uint8Array(32).fill(8) },
    ]) {
      expect(await new LaneStates({ dataDir }).worked(other)).to.equal(undefined);
    }
    const next = await states.begin({ ...WINDOW, number: 8 });
    // A worker of the window before may still be sending: into a folder that is gone.
    put(writer, 0, 4);
    for (const index of [0, 1]) next?.put(0, index, stateAt(0, index));
    expect(await next?.finish([hashesOf(0, 4)])).to.deep.equal([hashesOf(0, 2)]);
    expect(await states.worked(WINDOW)).to.equal(undefined);
  });

  it("does not work a window again that was claimed: two claims would be a fault", async () => {
    put(writer, 0, 4);
    await writer.finish([hashesOf(0, 4)]);
    expect(await new LaneStates({ dataDir }).begin(WINDOW)).to.equal(undefined);
    expect(await states.get(WINDOW, 0, 1)).to.deep.equal(stateAt(0, 1));
  });

  it("begins again after a crash before the claim, and does not believe what the crash left behind", async () => {
    for (let index = 0; index <= 4; index++) {
      await writeFile(join(folderOf(dataDir), `0-${index}.state`), stateAt(0, index));
    }
    const again = new LaneStates({ dataDir });
    const second = await again.begin(WINDOW);
    for (const index of [0, 1, 2]) second?.put(0, index, stateAt(0, index));
    expect(await second?.finish([hashesOf(0, 2)])).to.deep.equal([hashesOf(0, 2)]);
    expect(await again.get(WINDOW, 0, 4)).to.equal(undefined);
  });
});
