import DOMPurify from "dompurify";

/**
 * Second layer of sanitising: the server has done it once already. Styles, names and ids go,
 * because they could imitate or capture parts of the page, and the policy blocks styles anyway.
 */
export function sanitise(html: string): string {
  const clean = DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "option", "dialog"],
    FORBID_ATTR: ["style", "id", "name", "popover", "popovertarget"],
    ALLOW_DATA_ATTR: false,
  });
  // The empty corner of a table heads nothing.
  return clean.replace(/<th(?:\s[^>]*)?>\s*<\/th>/g, "<td></td>");
}

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  if (node.tagName === "IMG" && !node.hasAttribute("alt")) node.setAttribute("alt", "");
  if (node.tagName === "TH" && !node.hasAttribute("scope")) {
    node.setAttribute("scope", node.closest("thead") ? "col" : "row");
  }
});
