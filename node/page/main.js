/** Entry: reads the network once, follows it, and shows the view the address names. */
import { blockPage } from "./block-page.js";
import { h } from "./dom.js";
import { short } from "./format.js";
import { jobPage } from "./job-page.js";
import { nodePage } from "./node-page.js";
import { overview } from "./overview.js";
import { listen, start, store } from "./store.js";

const RETRY_MS = 2000;
const LIVE = { connecting: "connecting", live: "live", lost: "connection lost, trying again" };

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`no element #${id}`);
  return element;
}

let leave = () => {};

function show() {
  leave();
  const [, kind = "", name = ""] = location.hash.split("/");
  const root = byId("view");
  leave =
    kind === "jobs"
      ? jobPage(root, name)
      : kind === "blocks"
        ? blockPage(root, name)
        : kind === "nodes"
          ? nodePage(root, name)
          : overview(root);
  scrollTo(0, 0);
}

function showFrame() {
  const { status, live } = store;
  byId("live").dataset.state = live;
  byId("live").textContent = status?.syncing === true ? "catching up" : LIVE[live];
  if (status === undefined) return;
  document.title = `${status.name} · PoML`;
  byId("where").textContent = `${status.name} on ${status.network}`;
  byId("identity").replaceChildren(
    `PoML ${status.version} · genesis `,
    h("span", { class: "mono", title: status.genesisRoot }, short(status.genesisRoot)),
  );
}

async function boot() {
  try {
    await start();
  } catch (error) {
    byId("view").replaceChildren(h("section", { class: "card bad" }, String(error.message)));
    setTimeout(boot, RETRY_MS);
    return;
  }
  showFrame();
  show();
  addEventListener("hashchange", show);
}

listen((topic) => {
  if (topic === "live" || topic === "status") showFrame();
});
void boot();
