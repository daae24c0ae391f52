import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { newIdentity, readKeyFile, writeKeyFile } from "../../../node/wallet/key-file.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

describe("key files", () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "poml-key-"));
    path = join(directory, "keys", "node.key");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("are written with mode 0600, and nothing is left beside them", async () => {
    await writeKeyFile(path, newIdentity());
    expect((await stat(path)).mode & 0o777).equal(0o600);
    expect(await readdir(join(directory, "keys"))).deep.equal(["node.key"]);
  });

  it("give back the identity", async () => {
    const identity = newIdentity();
    await writeKeyFile(path, identity);
    expect(toHex((await readKeyFile(path)).seed)).equal(toHex(identity.seed));
  });

  it("are never overwritten", async () => {
    const first = newIdentity();
    await writeKeyFile(path, first);
    await expectCodeAsync(() => writeKeyFile(path, newIdentity()), "KEY_FILE_EXISTS");
    expect(toHex((await readKeyFile(path)).seed)).equal(toHex(first.seed));
  });

  it("are refused when others can read them", async () => {
    await writeKeyFile(path, newIdentity());
    await chmod(path, 0o640);
    const error = await expectCodeAsync(() => readKeyFile(path), "KEY_FILE_EXPOSED");
    expect(error.remedy).contain("chmod 600");
  });

  it("are refused when missing, altered, or another key's", async () => {
    await expectCodeAsync(() => readKeyFile(path), "KEY_FILE_MISSING");
    await writeKeyFile(path, newIdentity());
    const text = await readFile(path, "utf8");
    await writeFile(path, text.slice(0, -10));
    await expectCodeAsync(() => readKeyFile(path), "KEY_FILE_MALFORMED");
    const other = toHex(newIdentity().keyPair.publicKey);
    await writeFile(path, text.replace(/"publicKey": "[0-9a-f]+"/, `"publicKey": "${other}"`));
    await expectCodeAsync(() => readKeyFile(path), "KEY_FILE_MALFORMED");
  });

  it("open with the right passphrase only", async () => {
    const identity = newIdentity();
    await writeKeyFile(path, identity, "correct horse");
    expect(await readFile(path, "utf8")).not.contain(toHex(identity.seed));
    await expectCodeAsync(() => readKeyFile(path), "PASSPHRASE_NEEDED");
    await expectCodeAsync(() => readKeyFile(path, async () => "wrong"), "PASSPHRASE_WRONG");
    const opened = await readKeyFile(path, async () => "correct horse");
    expect(toHex(opened.seed)).equal(toHex(identity.seed));
  });
});
