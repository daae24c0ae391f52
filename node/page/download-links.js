/**
 * Links that save files of a job. Nodes keep files for a limited time, and a refusal must not be saved in place of the
 * file.
 */
import { ask, reasonOf } from "./api.js";
import { h } from "./dom.js";
import { sentence } from "./format.js";

/**
 * @param {string} id of the job
 * @param {Readonly<Record<string, string>>} files name to save as -> path below the job
 */
export function downloadLinks(id, files) {
  return Object.entries(files).map(([name, path]) => {
    const label = name === "certificate.json" ? "certificate" : name;
    return h("a", { href: `/v1/jobs/${id}/${path}`, download: name, click: fetchFile }, label);
  });
}

/** @param {MouseEvent} event */
async function fetchFile(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  event.preventDefault();
  const { href, download } = link;
  try {
    if ((await fetch(href, { method: "HEAD" })).ok) {
      Object.assign(document.createElement("a"), { href, download }).click();
      return;
    }
    await ask(new URL(href).pathname);
  } catch (error) {
    const said = h("span", { class: "bad", role: "alert" }, sentence(reasonOf(error)));
    link.closest(".downloads")?.replaceChildren(said);
  }
}
