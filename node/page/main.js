/** Entry: reads the state of the network once, follows it, and shows the view that the address names. */
import { reasonOf } from "./api.js";
import { blockPage } from "./block-page.js";
import { followRows, h } from "./dom.js";
import { short } from "./format.js";
import { jobPage } from "./job-page.js";
import { nodePage } from "./node-page.js";
import { notFound } from "./not-found.js";
import { light, noticeList } from "./notices.js";
import { overview } from "./overview.js";
import { patch } from "./patch.js";
import { listen, start, store } from "./store.js";

const RETRY_MS = 2000;
const HASH = /^[0-9a-f]{64}$/i;

/**
 * By the first part of an address: what its second part must be, and the view.
 * @type {Readonly<Record<string, {
 *   name: RegExp, what: string, show: (root: HTMLElement, name: string) => () => void,
 * }>>}
 */
const VIEWS = {
  jobs: { name: HASH, what: "A job is named by its id, 64 hex characters.", show: jobPage },
  blocks: {
    name: /^(\d{1,10}|[0-9a-f]{64})$/i,
    what: "A block is named by its height, or by its hash of 64 hex characters.",
    show: blockPage,
  },
  nodes: {
    name: HASH,
    what: "A node is named by its public key, 64 hex characters.",
    show: nodePage,
  },
};

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`no element #${id}`);
  return element;
}

let leave = () => {};

function show() {
  leave();
  leave = viewOf(location.hash, byId("view"));
  showFrame();
  scrollTo(0, 0);
}

/** @param {string} address */
function isHome(address) {
  return address === "" || address === "#" || address === "#/";
}

/** @param {string} address e.g. `#/jobs/ab…` @param {HTMLElement} root */
function viewOf(address, root) {
  if (isHome(address)) return overview(root);
  const [start, kind = "", name = "", ...rest] = address.split("/");
  const view = start === "#" && Object.hasOwn(VIEWS, kind) ? VIEWS[kind] : undefined;
  if (view === undefined || rest.length > 0) {
    const text = `This page has nothing at ${address.slice(0, 100)}.`;
    return notFound(root, "No such page", text);
  }
  if (!view.name.test(name)) return notFound(root, "Nothing has this name", view.what);
  return view.show(root, name.toLowerCase());
}

function showFrame() {
  const { status, live } = store;
  const { state, text } = light(status, live);
  byId("live").dataset.state = state;
  patch(byId("live"), text);
  if (status === undefined) return;
  patch(byId("notices"), noticeList(status, isHome(location.hash)));
  document.title = `${status.name} · PoML`;
  patch(byId("where"), `${status.name} on ${status.network}`);
  patch(
    byId("identity"),
    `PoML ${status.version} · genesis `,
    h("span", { class: "mono", title: status.genesisRoot }, short(status.genesisRoot)),
  );
}

async function boot() {
  try {
    await start();
  } catch (error) {
    byId("view").replaceChildren(h("section", { class: "card bad" }, reasonOf(error)));
    setTimeout(boot, RETRY_MS);
    return;
  }
  show();
  addEventListener("hashchange", show);
}

listen(({ topic }) => {
  if (topic === "live" || topic === "status") showFrame();
});
followRows();
void boot();
