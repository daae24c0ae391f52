import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { configurationTable } from "../../../node/config/reference.ts";

describe("docs/configuration.md", () => {
  it("lists the settings as the schema has them", async () => {
    const page = await readFile(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
    expect(page).contain(configurationTable(), "write it anew with `poml config --markdown`");
  });
});
