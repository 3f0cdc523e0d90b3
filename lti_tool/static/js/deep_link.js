// The dialog in which cases are chosen. Without this script it works the same, by its buttons.

const PAUSE_MS = 1500;
const form = document.querySelector("#dialog");
const said = document.querySelector("#said");
const fault = document.querySelector("#file-fault");

/** Follows one upload until its case is ready or cannot be used: the server draws each state. */
async function follow(item) {
  const { url } = item.dataset;
  while (url) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const fresh = await fetchItem(url);
    if (fresh === "over") return;
    if (fresh === null || fresh.outerHTML === item.outerHTML) continue;
    item.replaceWith(fresh);
    item = fresh;
    if (fresh.dataset.url) continue;
    said.textContent = fresh.dataset.said;
    return;
  }
}

/**
 * The upload's part of the page as it is now; null if the server does not answer just now, `over` if
 * it never will.
 */
async function fetchItem(url) {
  try {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${form.elements.token.value}` },
    });
    if (!response.ok) return response.status < 500 ? "over" : null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.querySelector("li");
  } catch {
    return null;
  }
}

/** Says before a file is sent what the server would say after. */
function whyNot(files) {
  if (files.length === 0) return fault.dataset.missing;
  return files[0].size > Number(form.dataset.limit) ? fault.dataset.large : "";
}

let sent = false;
form.addEventListener("submit", (event) => {
  const { files } = form.elements.file;
  if (event.submitter?.value === "upload" || files[0]?.size > Number(form.dataset.limit)) {
    fault.textContent = whyNot(files);
    if (fault.textContent) return event.preventDefault();
  }
  // A second click would find the dialog closed, and hide the answer to the first.
  if (sent) return event.preventDefault();
  sent = true;
  form.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => (sent = false));

// What has to be put right: the sentence; the first field, where the sentence is about the fields.
const told = document.querySelector("[data-look]");
const field = told?.closest(".actions") ? document.querySelector("[aria-invalid]") : null;
(field ?? told)?.focus();
for (const item of document.querySelectorAll("[data-url]")) void follow(item);
