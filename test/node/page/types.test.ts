/** The page's scripts say of what type everything is; `npm run check` compares that with the contract. */
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const PAGE = new URL("../../../node/page/", import.meta.url);

describe("the page's types", () => {
  it("leave nothing unchecked", () => {
    const scripts = readdirSync(PAGE).filter((name) => name.endsWith(".js"));
    expect(scripts).to.include("main.js");
    for (const name of scripts) {
      const types = readFileSync(new URL(name, PAGE), "utf8").match(/\{[^{}\n]*\}/g) ?? [];
      expect(
        types.filter((type) => /\bany\b/.test(type)),
        name,
      ).to.deep.equal([]);
      expect(readFileSync(new URL(name, PAGE), "utf8"), name).not.to.match(
        /@ts-(ignore|nocheck|expect)/,
      );
    }
  });
});
