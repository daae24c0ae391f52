import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { EnergyMeter } from "../../../ml/energy/meter.ts";

describe("EnergyMeter", () => {
  let sysfs = "";
  let nowMs = 0;
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(sysfs, path)), { recursive: true });
    await writeFile(join(sysfs, path), `${text}\n`);
  };
  const open = () => EnergyMeter.open({ sysfs, now: () => nowMs, cores: 4 });
  const rapl = (domain: string, name: string, energy: string, range = "262143328850") =>
    Promise.all([
      write(`class/powercap/${domain}/name`, name),
      write(`class/powercap/${domain}/max_energy_range_uj`, range),
      write(`class/powercap/${domain}/energy_uj`, energy),
    ]);

  beforeEach(async () => {
    sysfs = await mkdtemp(join(tmpdir(), "poml-sysfs-"));
  });
  afterEach(() => rm(sysfs, { recursive: true, force: true }));

  it("sums the packages and nothing inside or around them", async () => {
    await rapl("intel-rapl:0", "package-0", "5000000");
    await rapl("intel-rapl:1", "package-1", "1000000");
    await rapl("intel-rapl:2", "psys", "0");
    await rapl("intel-rapl:0:0", "core", "0");
    const meter = await open();
    expect(meter.source).to.equal("rapl");
    const stop = await meter.start();
    await write("class/powercap/intel-rapl:0/energy_uj", "7500000");
    await write("class/powercap/intel-rapl:1/energy_uj", "1250000");
    await write("class/powercap/intel-rapl:2/energy_uj", "99999999");
    await write("class/powercap/intel-rapl:0:0/energy_uj", "99999999");
    expect(await stop(2)).to.include({ millijoules: 2750n, source: "rapl" });
  });

  it("goes on when a counter starts over", async () => {
    await rapl("intel-rapl:0", "package-0", "9000000", "10000000");
    const stop = await (await open()).start();
    await write("class/powercap/intel-rapl:0/energy_uj", "500000");
    expect((await stop(1)).millijoules).to.equal(1500n);
  });

  it("reads the battery of a machine that runs on it", async () => {
    await write("class/power_supply/AC/type", "Mains");
    await write("class/power_supply/BAT0/type", "Battery");
    await write("class/power_supply/BAT0/status", "Discharging");
    await write("class/power_supply/BAT0/energy_now", "40000000");
    const meter = await open();
    expect(meter.source).to.equal("battery");
    const stop = await meter.start();
    await write("class/power_supply/BAT0/energy_now", "39990000");
    // 10 mWh are 36 J.
    expect(await stop(1)).to.include({ millijoules: 36_000n, source: "battery" });
  });

  it("estimates if there is nothing to measure with, and says so", async () => {
    const meter = await open();
    const stop = await meter.start();
    nowMs += 10_000;
    const reading = await stop(2);
    expect(reading).to.include({ millijoules: 140_000n, source: "estimate" });
    expect(reading.uncertainty).to.equal(0.5);
  });

  it("falls back to the estimate when the battery is plugged in meanwhile", async () => {
    await write("class/power_supply/BAT0/type", "Battery");
    await write("class/power_supply/BAT0/status", "Discharging");
    await write("class/power_supply/BAT0/energy_now", "40000000");
    const stop = await (await open()).start();
    await write("class/power_supply/BAT0/status", "Charging");
    expect((await stop(1)).source).to.equal("estimate");
  });
});
