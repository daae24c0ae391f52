/** The view for an address that names nothing; no other page is shown in its place. */
import { h } from "./dom.js";

/**
 * @param {HTMLElement} root
 * @param {string} title
 * @param {string} text
 * @returns {() => void} leave
 */
export function notFound(root, title, text) {
  root.replaceChildren(
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Network"), " / not found"),
    h(
      "section",
      { class: "card" },
      h("h1", {}, title),
      h("p", { class: "empty" }, text),
      h("p", {}, h("a", { href: "#/" }, "To the network")),
    ),
  );
  return () => {};
}
