import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadConfig } from "../../../node/config/load.ts";
import { OPTIONS } from "../../../node/config/options.ts";
import { STORAGE_KINDS } from "../../../node/storage/kinds.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

describe("loadConfig", () => {
  let dataDir: string;
  const load = (
    flags: Record<string, string | boolean | string[]> = {},
    env: Record<string, string> = {},
  ) => loadConfig({ flags: { "data-dir": dataDir, ...flags }, env });
  const writeConfig = (content: unknown) =>
    writeFile(join(dataDir, "config.json"), JSON.stringify(content));

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "poml-config-"));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it("has a default for every setting", async () => {
    const config = await load();
    expect(config.api).deep.include({ host: "127.0.0.1", port: 9471 });
    expect(config.dataDir).equal(dataDir);
  });

  it("lets the file win over defaults, the environment over the file, flags over all", async () => {
    await writeConfig({ api: { port: 1001 }, workers: 2, name: "from file" });
    const config = await load({ "api-port": "1003" }, { POML_API_PORT: "1002", POML_WORKERS: "3" });
    expect(config.api.port).equal(1003);
    expect(config.workers).equal(3);
    expect(config.name).equal("from file");
  });

  it("reads lists and booleans from text", async () => {
    const config = await load(
      { "jobs-allow": "train/exact, train/tfjs" },
      { POML_METRICS: "false" },
    );
    expect(config.jobs.allow).deep.equal(["train/exact", "train/tfjs"]);
    expect(config.metrics).equal(false);
  });

  it("names the settings that replaced the single quota of earlier versions", async () => {
    await writeConfig({ jobs: { quotaMib: 100 } });
    const ofFile = await expectCodeAsync(() => load(), "UNKNOWN_OPTION");
    await writeConfig({});
    const ofEnv = await expectCodeAsync(
      () => load({}, { POML_JOBS_QUOTA_MIB: "100" }),
      "UNKNOWN_OPTION",
    );
    const ofFlag = await expectCodeAsync(() => load({ "jobs-quota-mib": "100" }), "UNKNOWN_OPTION");
    for (const { message } of [ofFile, ofEnv, ofFlag]) {
      for (const kind of STORAGE_KINDS) expect(message).contain(`quota.${kind}Mib`);
    }
  });

  it("refuses marks and quotas that contradict each other, with both names", async () => {
    const low = { "disk-min-free-mib": "2000" };
    const { message, facts } = await expectCodeAsync(() => load(low), "BAD_OPTION");
    expect(facts).to.deep.include({ field: "disk.jobsMinFreeMib" });
    expect(message).contain("at least disk.minFreeMib");
    expect((await load({ ...low, "disk-jobs-min-free-mib": "2000" })).disk.minFreeMib).equal(2000);
    const large = await expectCodeAsync(() => load({ "api-upload-mib": "2048" }), "BAD_OPTION");
    expect(large.facts).to.deep.include({ field: "quota.uploadsMib" });
    expect(large.message).contain("at least api.uploadMib");
  });

  it("takes variables that are set to nothing as not set", async () => {
    await writeConfig({ workers: 2 });
    const env = { POML_WORKERS: "", POML_JOBS_ALLOW: "", POML_API_PORT: "", POML_NO_SETTING: "" };
    expect(await load({}, env)).deep.equal(await load());
  });

  it("expands ~ in paths, wherever they were written", async () => {
    await writeConfig({ api: { tokenFile: "~/token" } });
    expect((await load()).api.tokenFile).equal(join(homedir(), "token"));
    const { dataDir: named } = await load({ "data-dir": "~/none" });
    expect(named).equal(join(homedir(), "none"));
    const other = await expectCodeAsync(() => load({ "data-dir": "~root/x" }), "BAD_OPTION");
    expect(other.facts).deep.include({ field: "dataDir" });
  });

  it("takes an IPv6 address with brackets and without, and no URL for a host", async () => {
    for (const host of ["::1", "[::1]"]) {
      expect((await load({ "api-host": host })).api.host).equal("::1");
    }
    expect((await load({ "api-hosts": "[::1],name" })).api.hosts).deep.equal(["::1", "name"]);
    for (const host of ["http://name", "name:80", "[::1]:80", "fe80::1%eth0", "a b"]) {
      await expectCodeAsync(() => load({ "api-host": host }), "BAD_OPTION");
    }
  });

  it("is frozen", async () => {
    const config = await load();
    expect(Object.isFrozen(config)).equal(true);
    expect(Object.isFrozen(config.p2p.listen)).equal(true);
  });

  it("names field, source and remedy of a bad flag", async () => {
    const error = await expectCodeAsync(() => load({ "api-port": "70000" }), "BAD_OPTION");
    expect(error.facts).deep.include({ field: "api.port", source: "flag --api-port" });
    expect(error.remedy).contain("POML_API_PORT");
  });

  it("names the element of a list that is wrong", async () => {
    const env = { POML_P2P_BOOTSTRAP: "/ip4/127.0.0.1/tcp/1/ws" };
    const error = await expectCodeAsync(() => load({}, env), "BAD_OPTION");
    expect(error.facts).deep.include({
      field: "p2p.bootstrap",
      source: "environment variable POML_P2P_BOOTSTRAP",
    });
  });

  it("refuses what is not a number", async () => {
    await expectCodeAsync(() => load({ workers: "two" }), "BAD_OPTION");
  });

  it("refuses unknown settings, wherever they are given", async () => {
    await expectCodeAsync(() => load({}, { POML_PROT: "1" }), "UNKNOWN_OPTION");
    await writeConfig({ api: { prot: 1 } });
    const error = await expectCodeAsync(() => load(), "UNKNOWN_OPTION");
    expect(error.facts).deep.include({ field: "api.prot" });
  });

  it("refuses a file that is not a JSON object", async () => {
    await writeFile(join(dataDir, "config.json"), "{port:");
    await expectCodeAsync(() => load(), "CONFIG_MALFORMED");
    await writeConfig([1]);
    await expectCodeAsync(() => load(), "CONFIG_MALFORMED");
  });
});

describe("settings", () => {
  it("each have a description, and names that do not clash", () => {
    for (const { key, description } of OPTIONS) expect(description, key).not.equal("");
    for (const property of ["key", "env", "flag"] as const) {
      expect(new Set(OPTIONS.map((option) => option[property])).size).equal(OPTIONS.length);
    }
  });
});
