/**
 * "Verify signatures" on the page of a block: the light client in this browser starts from a block that the reader
 * trusts. It believes no answer of the node without proof.
 */
import { get, reasonOf } from "./api.js";
import { card, h } from "./dom.js";
import { count, plural } from "./format.js";

/** The key under which this browser stores the trusted block, as `height:hash`. */
const KEPT = "poml.trusted";

/** @param {number} height of the block shown */
export function lightCard(height) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "mono",
      placeholder: "height:hash",
      "aria-label": "trusted block",
      size: 40,
    })
  );
  input.value = localStorage.getItem(KEPT) ?? "";
  const result = h("ul", { class: "checks" });
  const button = h("button", { type: "button" }, "Verify signatures");
  button.addEventListener("click", async () => {
    button.setAttribute("disabled", "");
    result.replaceChildren(await check(input.value.trim(), height));
    button.removeAttribute("disabled");
  });
  return card(
    "Light client",
    "",
    h(
      "p",
      { class: "muted" },
      "Checks in this browser that the seats behind this block follow from a block you trust, and that " +
        "more than 2/3 of their weight signed it. Take height and hash from a node of your own.",
    ),
    h("p", { class: "action" }, input, " ", button),
    result,
  );
}

/** @param {string} trusted @param {number} height */
async function check(trusted, height) {
  try {
    const match = /^(\d{1,10}):([0-9a-f]{64})$/i.exec(trusted);
    if (match === null)
      throw new Error("the trusted block is written height:hash, 64 hex characters");
    const [, from = "", hash = ""] = match;
    const light = await import("./light.js");
    const { genesisRoot } = await get("/v1/status");
    const vouched = { height: Number(from), hash: hash.toLowerCase(), genesisRoot };
    const { steps, signatures } = await light.verifyBlock(vouched, height);
    localStorage.setItem(KEPT, trusted);
    return line(
      true,
      `Block #${count(height)} follows from block #${count(vouched.height)}`,
      `${plural(steps, "step")}, ${plural(signatures, "signature")} verified here`,
    );
  } catch (error) {
    return line(false, "Not verified", reasonOf(error));
  }
}

/** @param {boolean} holds @param {string} claim @param {string} detail */
function line(holds, claim, detail) {
  return h(
    "li",
    {},
    h("span", { class: holds ? "good" : "bad" }, holds ? "✓" : "✗"),
    h("div", {}, claim, h("div", { class: "mono" }, detail)),
  );
}
