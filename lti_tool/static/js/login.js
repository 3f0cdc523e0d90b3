// On the way to the platform: finds out what the browser keeps for us before the platform is asked,
// since many platforms answer each of their launches only once.
import { put } from "./platform_storage.js";

/** Whether a cookie with the attributes of the login's own is kept here. */
function keepsCookies() {
  const attributes = "Path=/lti/login; Secure; SameSite=None; Partitioned";
  document.cookie = `casebook_probe=1; Max-Age=60; ${attributes}`;
  const kept = document.cookie.includes("casebook_probe=1");
  document.cookie = `casebook_probe=; Max-Age=0; ${attributes}`;
  return kept;
}

const { url, name, secret, target, origin } = document.querySelector("#login").dataset;
const stored = target ? await put({ target, origin }, name, secret) : false;
if (stored || keepsCookies()) {
  window.location.replace(url);
} else {
  document.querySelector("#opening").hidden = true;
  document.querySelector(window.top === window ? "#blocked" : "#new-tab").hidden = false;
}
