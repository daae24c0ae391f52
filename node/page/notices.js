/**
 * Shows at the top of every page what keeps this node from its network, in the same words as its log and the command
 * line.
 */
import { h } from "./dom.js";
import { sentence } from "./format.js";

/** @import { Status } from "../api/contract/network.ts" */

/** One or two words for the light at the top right. @type {Readonly<Record<string, string>>} */
const WORDS = {
  KEY_ELSEWHERE: "key used elsewhere",
  SLASHED: "slashed",
  DISK_FULL: "disk full",
  JOB_DISK_FULL: "no room for jobs",
  NO_BOOTSTRAP: "not connected",
  OTHER_CHAIN: "other chain",
  TRUST_ABOVE_HEAD: "trusted block not there",
  TRUST_CONTRADICTED: "trusted block contradicted",
  ALONE: "no peers",
  STALLED: "no new blocks",
  PEERS_SILENT: "peers silent",
  NOT_BROUGHT: "behind, no blocks come",
};
const LIVE = { connecting: "connecting", live: "live", lost: "connection lost, trying again" };

/**
 * @param {Status | undefined} status undefined until it was read
 * @param {"connecting" | "live" | "lost"} live of the event stream
 * @returns {{ state: string, text: string }}
 */
export function light(status, live) {
  const worst = status?.notices.find(({ level }) => level === "problem");
  if (live !== "live") return { state: live, text: LIVE[live] };
  if (worst !== undefined) return { state: "problem", text: WORDS[worst.code] ?? "problem" };
  const halted = status?.health === "syncing";
  if (halted || status?.syncing === true) return { state: "connecting", text: "catching up" };
  return { state: "live", text: LIVE.live };
}

/** @param {Status} status @param {boolean} isHome what is merely good to know stands on the front page only */
export function noticeList(status, isHome) {
  const shown = status.notices.filter(({ level }) => isHome || level === "problem");
  return shown.map(({ code, level, message, remedy }) =>
    h(
      "div",
      { class: "notice", "data-level": level, "data-key": code, role: "status" },
      h("strong", {}, sentence(message)),
      " ",
      h("span", {}, ...withCode(sentence(remedy))),
    ),
  );
}

/** Text with the parts in backticks as code. @param {string} text */
export function withCode(text) {
  return text
    .split("`")
    .map((part, i) => (i % 2 === 1 ? h("code", { class: "mono" }, part) : part));
}
