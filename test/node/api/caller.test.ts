/** Which callers of the API share a purse. */
import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { callerOf } from "../../../node/api/caller.ts";

describe("callers of the API", () => {
  const keyOf = (remoteAddress: string): string =>
    callerOf({ headers: {}, socket: { remoteAddress } } as unknown as IncomingMessage, "token").key;

  it("are told apart by address, and those of IPv6 by the network of 64 bits", () => {
    for (const [address, key] of [
      ["203.0.113.7", "203.0.113.7"],
      ["::ffff:203.0.113.7", "203.0.113.7"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8::1", "2001:db8:0:0::/64"],
      ["2600::5:1:2:3:4", "2600:0:0:5::/64"],
      ["::1", "0:0:0:0::/64"],
      ["fe80::", "fe80:0:0:0::/64"],
    ] as const) {
      expect(keyOf(address), address).to.equal(key);
    }
  });
});
