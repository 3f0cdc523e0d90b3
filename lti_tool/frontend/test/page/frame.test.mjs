// The page in a platform's frame that grows when it is asked to.
import assert from "node:assert/strict";
import { pageTests } from "./browser.mjs";

const { onPage } = pageTests();

onPage("a frame that its platform resizes becomes taller than it was", {}, async ({ page, server }) => {
  const { origin } = new URL(server.url);
  server.faults.resizedBy = origin;
  const frame = `<!doctype html><iframe src="${server.url}" width="800" height="200"></iframe>`;
  await page.route(`${origin}/lms`, (route) => route.fulfill({ contentType: "text/html", body: frame }));
  await page.addInitScript(() => {
    if (window.parent !== window) return;
    window.addEventListener("message", ({ data }) => {
      if (data.subject === "lti.frameResize") document.querySelector("iframe").height = data.height;
    });
  });
  await page.goto(`${origin}/lms`);
  const notebook = page.frameLocator("iframe");
  await notebook.getByTestId("points").waitFor();
  await page.waitForFunction(() => document.querySelector("iframe").clientHeight > 400);
  const tall = await page.evaluate(() => [document.querySelector("iframe").clientHeight, screen.availHeight]);
  assert.ok(tall[0] < tall[1], String(tall));
});
