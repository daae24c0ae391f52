import { expect } from "chai";
import { PomlClient } from "../../../node/api/client.ts";
import { localUrl } from "../../../node/api/url.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { startApi } from "./support.ts";

describe("the API's own address", () => {
  it("has an IPv6 host in brackets, and loopback where it listens everywhere", () => {
    expect(localUrl("::1", 9471)).equal("http://[::1]:9471");
    expect(localUrl("name.example", 80)).equal("http://name.example:80");
    expect(localUrl("0.0.0.0", 1)).equal("http://127.0.0.1:1");
    expect(localUrl("::", 1)).equal("http://[::1]:1");
  });

  it("answers over IPv6", async () => {
    const test = await startApi({ host: "::1" });
    try {
      const status = await new PomlClient(localUrl("::1", test.api.port)).status();
      expect(status.name).equal("node 0");
    } finally {
      await test.stop();
    }
  });

  it("names the setting when this machine does not have the address", async () => {
    const error = await expectCodeAsync(() => startApi({ host: "203.0.113.7" }), "BAD_HOST");
    expect(error.facts).deep.include({ field: "api.host" });
  });
});
